"""Many reports, one transaction: whoever comes while another transaction is under way goes with the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ai2text.common.errors import Unavailable

T = TypeVar("T")
Write = Callable[[Sequence[T]], Awaitable[None]]
"""All or nothing, and may be repeated."""


@dataclass(slots=True, eq=False)
class _Entry(Generic[T]):
    item: T
    written: bool = False
    failure: Exception | None = None


class GroupCommit(Generic[T]):
    """Nobody waits for a batch to fill: alone, a report is written at once."""

    def __init__(self, write: Write[T], most: int) -> None:
        self._write = write
        self._most = most
        self._waiting: deque[_Entry[T]] = deque()
        self._turn = asyncio.Lock()

    async def write(self, item: T) -> None:
        """Returns when it is committed. Raises what `write` raises for it: another's fault is not its own."""
        entry = _Entry(item)
        self._waiting.append(entry)
        async with self._turn:
            while not entry.written and entry.failure is None:
                await self._commit([self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))])
        if entry.failure is not None:
            raise entry.failure

    async def _commit(self, batch: list[_Entry[T]]) -> None:
        try:
            await self._commit_all(batch)
        except asyncio.CancelledError:
            self._waiting.extendleft(reversed([e for e in batch if not e.written and e.failure is None]))
            raise

    async def _commit_all(self, batch: list[_Entry[T]]) -> None:
        try:
            await self._write([entry.item for entry in batch])
        except Unavailable as exc:
            for entry in batch:
                entry.failure = exc
        except Exception as exc:  # noqa: BLE001 - raised by whose report it was; each for itself says which
            if len(batch) == 1:
                batch[0].failure = exc
                return
            for entry in batch:
                await self._commit_all([entry])
        else:
            for entry in batch:
                entry.written = True
