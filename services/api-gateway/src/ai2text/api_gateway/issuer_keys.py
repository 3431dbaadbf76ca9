"""The public keys of a token issuer: fetched when they are needed, kept, and never fetched by everybody at once."""

import asyncio
import time
from collections.abc import Callable

import jwt
import structlog

from ai2text.common.errors import Unavailable

log = structlog.get_logger()

FRESH_SECONDS = 300.0
"""The longest that a key which the issuer took back still opens, as long as the issuer answers."""
STALE_SECONDS = 3600.0
"""So long the keys that are known count while the issuer does not answer."""
COOL_DOWN_SECONDS = 10.0
"""Between two asks, whoever wants them and however the first one went: unknown keys are easily made up."""
SOCKET_SECONDS = 3.0
WHOLE_SECONDS = 5.0


class IssuerKeys:
    """Of one issuer. Used on one event loop."""

    def __init__(
        self, url: str, monotonic: Callable[[], float] = time.monotonic, whole_seconds: float = WHOLE_SECONDS
    ) -> None:
        """Redirects are not followed."""
        self._url = url
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=SOCKET_SECONDS)
        self._monotonic = monotonic
        self._whole_seconds = whole_seconds
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at: float | None = None
        self._asked_at: float | None = None
        self._asking: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """None for a key that the issuer does not name. Raises Unavailable while nothing can be known of it."""
        if kid not in self._keys or self._older_than(self._fetched_at, FRESH_SECONDS):
            await self._refresh()
        if self._older_than(self._fetched_at, STALE_SECONDS):
            raise Unavailable(f"The keys of the token issuer cannot be fetched from {self._url}.")
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        """Who comes while the issuer is asked waits for the same answer."""
        if self._asking is None:
            if not self._older_than(self._asked_at, COOL_DOWN_SECONDS):
                return
            self._asked_at = self._monotonic()
            self._asking = asyncio.create_task(self._fetch())
            self._asking.add_done_callback(self._asked)
        await asyncio.shield(self._asking)

    def _asked(self, _: asyncio.Task[None]) -> None:
        self._asking = None

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._whole_seconds):
                found = await asyncio.to_thread(self._client.get_jwk_set)
        except (jwt.PyJWTError, TimeoutError, ValueError, RecursionError) as exc:
            log.warning("issuer_keys_not_fetched", url=self._url, error=repr(exc))
            return
        self._keys = {key.key_id: key for key in found.keys if key.key_id and key.public_key_use in {"sig", None}}
        self._fetched_at = self._monotonic()
        log.debug("issuer_keys_fetched", url=self._url, keys=sorted(self._keys))

    def _older_than(self, moment: float | None, seconds: float) -> bool:
        return moment is None or self._monotonic() - moment > seconds
