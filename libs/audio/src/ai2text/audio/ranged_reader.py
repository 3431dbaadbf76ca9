"""A recording in the object store, read by ranges, with read-ahead, in bounded memory."""

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self


class RangedStore(Protocol):
    """What is needed of `ai2text.common.object_store.ObjectStore`."""

    def read(self, key: str, offset: int, length: int, etag: str | None = None, /) -> bytes: ...


class RangedReader:
    """An `AudioSource` of at most `blocks_kept + 2` blocks of memory; used by one thread at a time.

    While block follows block, the next one is fetched in the background. Raises what the store raises:
    StoreUnavailable, ObjectNotFound, and ObjectChanged when the object is no longer the one of `etag`.
    """

    def __init__(
        self,
        store: RangedStore,
        key: str,
        size_bytes: int,
        etag: str | None = None,
        *,
        block_bytes: int = 1 << 20,
        blocks_kept: int = 4,
    ) -> None:
        self.size_bytes = size_bytes
        self._store = store
        self._key = key
        self._etag = etag
        self._block_bytes = block_bytes
        self._blocks_kept = blocks_kept
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._latest = -1
        self._ahead: tuple[int, Future[bytes]] | None = None
        self._background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Does not wait for a fetch under way; the store's own time limit ends it."""
        self._background.shutdown(wait=False, cancel_futures=True)

    def read(self, offset: int, length: int) -> bytes:
        end = min(offset + length, self.size_bytes)
        first, beyond = offset // self._block_bytes, -(-end // self._block_bytes)
        return b"".join(self._part(index, offset, end) for index in range(first, beyond))

    def _part(self, index: int, offset: int, end: int) -> bytes:
        start = index * self._block_bytes
        return self._block(index)[max(0, offset - start) : end - start]

    def _block(self, index: int) -> bytes:
        block = self._kept.pop(index, None)
        if block is None:
            ahead = self._take_ahead(index)
            block = self._fetch(index) if ahead is None else ahead.result()
        self._kept[index] = block
        if len(self._kept) > self._blocks_kept:
            self._kept.popitem(last=False)
        if index == self._latest + 1:
            self._fetch_ahead(index + 1)
        self._latest = index
        return block

    def _take_ahead(self, index: int) -> Future[bytes] | None:
        if self._ahead is None or self._ahead[0] != index:
            return None
        fetch, self._ahead = self._ahead[1], None
        return fetch

    def _fetch_ahead(self, index: int) -> None:
        if index * self._block_bytes >= self.size_bytes or index in self._kept:
            return
        if self._ahead is not None:
            self._ahead[1].cancel()
        self._ahead = (index, self._background.submit(self._fetch, index))

    def _fetch(self, index: int) -> bytes:
        start = index * self._block_bytes
        return self._store.read(self._key, start, min(self._block_bytes, self.size_bytes - start), self._etag)
