"""What a 2xx named can be read at once: a miss counts only when the catalogue knows all that was announced."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from fastapi import HTTPException

from ai2text.common.contracts.inside import Caller
from ai2text.metadata.postgres.erasures import find_erasure
from ai2text.metadata.postgres.pool import Connection, Database
from ai2text.metadata.queues import Queues

T = TypeVar("T")
Find = Callable[[Connection, str, str], Awaitable[T | None]]
CATCH_UP_SECONDS = 5.0
POLL_SECONDS = 0.1


class Reads:
    def __init__(self, database: Database, queues: Queues) -> None:
        self.database = database
        self._queues = queues

    async def find(self, find: Find[T], who: Caller, wanted: UUID, what: str) -> T:
        """Raises 404 or 410, at once when the catalogue is up to date and after some seconds in any case."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while True:
            found = await self.look(find, who, wanted)
            if found is not None:
                return found
            if time.monotonic() > deadline or await self._queues.catalogue_is_caught_up():
                break
            await asyncio.sleep(POLL_SECONDS)
        found = await self.look(find, who, wanted)  # persisted between the look and the question
        if found is None:
            raise await self.missing(who, wanted, f"There is no such {what}.")
        return found

    async def missing(self, who: Caller, wanted: UUID, detail: str) -> HTTPException:
        async with self.database.reading(who.tenant) as connection:
            return await missing(connection, who.tenant, f"{wanted}", detail)

    async def look(self, find: Find[T], who: Caller, wanted: UUID) -> T | None:
        async with self.database.reading(who.tenant) as connection:
            return await find(connection, who.tenant, str(wanted))


async def missing(connection: Connection, tenant: str, wanted: str, detail: str) -> HTTPException:
    """404 with the `detail`, or 410 for a recording that was erased."""
    erasure = await find_erasure(connection, tenant, wanted)
    if erasure is None:
        return HTTPException(404, detail)
    return HTTPException(410, f"This recording was erased at {erasure.erased_at:%Y-%m-%dT%H:%M:%SZ}.")
