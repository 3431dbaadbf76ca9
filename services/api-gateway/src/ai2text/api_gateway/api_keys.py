"""API keys at the door: the catalogue is asked whom one stands for, and its answer remembered for a short while."""

import time
from collections import OrderedDict
from collections.abc import Callable

from structlog.contextvars import get_contextvars

from ai2text.api_gateway.inside import Service
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.inside import NO_TENANT, Caller
from ai2text.common.contracts.keys import KeyHolder, PresentedKey, presented
from ai2text.common.errors import Unavailable

REMEMBERED_SECONDS = 30.0
"""The longest that a key still opens after it was revoked or has expired."""
REMEMBERED_MOST = 1000


class ApiKeys:
    def __init__(self, metadata: Service, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._metadata = metadata
        self._monotonic = monotonic
        self._remembered: OrderedDict[PresentedKey, tuple[float, KeyHolder]] = OrderedDict()
        """Each with the moment until which it counts; only what opened something."""

    async def holder_of(self, key: str) -> KeyHolder | None:
        """None for what opens nothing (any more). Raises Unavailable."""
        asked = presented(key)
        if asked is None:
            return None
        now = self._monotonic()  # before the answer: it may be old when it comes
        if asked in self._remembered:
            until, holder = self._remembered[asked]
            if now < until:
                return holder
            del self._remembered[asked]
        found = await self._ask(asked)
        if found is not None:
            self._remember(asked, now + REMEMBERED_SECONDS, found)
        return found

    async def _ask(self, asked: PresentedKey) -> KeyHolder | None:
        gateway = Caller(
            tenant=NO_TENANT, subject="api-gateway", scopes=frozenset(), request_id=get_contextvars()["request_id"]
        )
        status, body = await self._metadata.tell("/v1/keys/resolve", asked, gateway)
        match status:
            case 200:
                return decode(KeyHolder, body)
            case 404:
                return None
        raise Unavailable(f"The metadata service answered {status} when it was asked about a key.")

    def _remember(self, key: PresentedKey, until: float, holder: KeyHolder) -> None:
        self._remembered[key] = (until, holder)
        if len(self._remembered) > REMEMBERED_MOST:
            self._remembered.popitem(last=False)
