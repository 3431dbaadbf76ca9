"""API keys at the door: the catalogue is asked whom one stands for, and its answer remembered for a short while."""

import time
from collections.abc import Callable

from structlog.contextvars import get_contextvars

from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.remembered import Remembered
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.inside import NO_TENANT, Caller
from ai2text.common.contracts.keys import KeyHolder, PresentedKey, presented
from ai2text.common.errors import Unavailable

REMEMBERED_SECONDS = 30.0
"""The longest that a key still opens after it was revoked or has expired."""


class ApiKeys:
    def __init__(self, metadata: Service, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._metadata = metadata
        self._monotonic = monotonic
        self._remembered = Remembered[PresentedKey, KeyHolder]()
        """Only what opened something."""

    async def holder_of(self, key: str) -> KeyHolder | None:
        """None for what opens nothing (any more). Raises Unavailable."""
        asked = presented(key)
        if asked is None:
            return None
        now = self._monotonic()  # before the answer: it may be old when it comes
        known = self._remembered.find(asked, now)
        if known is not None:
            return known
        found = await self._ask(asked)
        if found is not None:
            self._remembered.keep(asked, found, now + REMEMBERED_SECONDS)
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
