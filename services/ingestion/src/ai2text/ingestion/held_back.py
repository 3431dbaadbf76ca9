"""Bytes on their way into the store, of which the last ones wait for a verdict: without them nothing is stored."""

from concurrent.futures import Future
from types import TracebackType
from typing import Self

from ai2text.common.object_store import Readable


class HeldBack:
    """Read by one thread, judged by another one: as a context, by how that ends."""

    def __init__(self, source: Readable, size_bytes: int) -> None:
        self._source = source
        self._left = size_bytes
        self._verdict: Future[None] = Future()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None:
            self.release()
        else:
            self.refuse(error)

    def release(self) -> None:
        self._verdict.set_result(None)

    def refuse(self, cause: BaseException) -> None:
        """The next read raises it."""
        self._verdict.set_exception(cause)

    def read(self, size: int = -1, /) -> bytes:
        """Waits only where the end would be handed out. Raises what it was refused for."""
        if self._verdict.done() or size < 0 or size >= self._left:
            self._verdict.result()
        block = self._source.read(size)
        self._left -= len(block)
        return block
