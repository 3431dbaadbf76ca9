"""A bound on what is held in memory at the same time, in whatever it is counted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Budget:
    def __init__(self, total: int) -> None:
        self._total = total
        self._held = 0
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def holding(self, amount: int) -> AsyncIterator[None]:
        """Waits until it fits in; what is larger than everything passes alone."""
        async with self._freed:
            await self._freed.wait_for(lambda: self._held == 0 or self._held + amount <= self._total)
            self._held += amount
        try:
            yield
        finally:
            async with self._freed:
                self._held -= amount
                self._freed.notify_all()
