"""How long the recordings are that lie in somebody's bucket: measured, and not as anybody says. Blocking.

Head and tail are read by ranges. Where these do not settle it all of it is decoded, from ranges too: nothing of it ever
touches a disk here.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol

from ai2text.audio import refusals
from ai2text.audio.header import read_length
from ai2text.audio.probe import probe
from ai2text.audio.ranged_reader import RangedReader
from ai2text.audio.sandbox import MAX_DURATION_SECONDS, Sandbox
from ai2text.common.contracts.reason import Reason
from ai2text.common.errors import ObjectChanged, ObjectNotFound, Refused, StoreDenied, StoreUnavailable
from ai2text.common.object_store import StoredObject

ATTEMPTS = 3
"""Of one object: an answer that was cut, or a new object in its place, ends only that attempt."""
HEAD_BYTES = 4096
AHEAD = 4
"""Objects for each thread that are asked for before the first of them is taken."""


class Store(Protocol):
    """What is needed of `ObjectStore`."""

    def read_head(self, key: str, length: int, /) -> tuple[StoredObject, bytes]: ...
    def read(self, key: str, offset: int, length: int, etag: str | None = None, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    found: StoredObject
    """All that was read is of this one."""
    seconds: float
    sample_rate_hz: int
    channels: int
    container: str
    """FFmpeg's name of it."""
    how: Literal["header", "decoded"]
    bytes_read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    key: str
    reason: Reason
    bytes_read: int


class DurationProbe:
    """Safe to use from many threads."""

    def __init__(self, sandbox: Sandbox, at_once: int) -> None:
        self._sandbox = sandbox
        self._at_once = at_once

    def measure(self, objects: Iterable[tuple[Store, str]]) -> Iterator[Measured | Unmeasured]:
        """In the order of `objects`, which are taken as they are needed.

        Raises Unavailable when a store is away or the sandbox was closed. What is at fault with one object is told
        beside the others.
        """
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="duration-probe") as threads:
            under_way: deque[Future[Measured | Unmeasured]] = deque()
            try:
                for store, key in objects:
                    under_way.append(threads.submit(self.measure_one, store, key))
                    if len(under_way) == AHEAD * self._at_once:
                        yield under_way.popleft().result()
                while under_way:
                    yield under_way.popleft().result()
            finally:
                for future in under_way:
                    future.cancel()

    def measure_one(self, store: Store, key: str) -> Measured | Unmeasured:
        counted = _Counted(store)
        for _ in range(ATTEMPTS - 1):
            try:
                return self._attempt(counted, key)
            except (ObjectChanged, StoreUnavailable):
                continue
        try:
            return self._attempt(counted, key)
        except ObjectChanged:
            return _unmeasured(key, "changing", "The object is overwritten again and again.", counted)

    def _attempt(self, store: "_Counted", key: str) -> Measured | Unmeasured:
        try:
            return self._measured(store, *store.read_head(key))
        except ObjectNotFound:
            return _unmeasured(key, "missing", "There is no such object.", store)
        except StoreDenied:
            return _unmeasured(key, "denied", "The keys of this archive may not read the object.", store)
        except Refused as exc:
            return _unmeasured(key, exc.code, exc.detail, store)

    def _measured(self, store: "_Counted", found: StoredObject, head: bytes) -> Measured:
        length = read_length(_Pieces(store, found), head)
        if length is None:
            return self._decoded(store, found)
        if length.seconds > MAX_DURATION_SECONDS:
            raise refusals.refused("too_long")
        return Measured(
            found=found,
            seconds=length.seconds,
            sample_rate_hz=length.sample_rate_hz,
            channels=length.channels,
            container=length.container,
            how="header",
            bytes_read=store.bytes_read,
        )

    def _decoded(self, store: "_Counted", found: StoredObject) -> Measured:
        with RangedReader(store, found.key, found.size_bytes, found.etag) as source:
            media = probe(self._sandbox, source)
        return Measured(
            found=found,
            seconds=media.duration_seconds,
            sample_rate_hz=media.sample_rate_hz,
            channels=media.channels,
            container=media.container,
            how="decoded",
            bytes_read=store.bytes_read,
        )


def _unmeasured(key: str, code: str, detail: str, store: "_Counted") -> Unmeasured:
    return Unmeasured(key=key, reason=Reason(code=code, detail=detail), bytes_read=store.bytes_read)


class _Counted:
    """A store, and how much of it was read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lengths: list[int] = []

    @property
    def bytes_read(self) -> int:
        return sum(self._lengths)

    def read_head(self, key: str) -> tuple[StoredObject, bytes]:
        """It says how large the object is, so there is no request for that alone."""
        found, head = self._store.read_head(key, HEAD_BYTES)
        self._lengths.append(len(head))
        return found, head

    def read(self, key: str, offset: int, length: int, etag: str | None = None, /) -> bytes:
        content = self._store.read(key, offset, length, etag)
        self._lengths.append(len(content))
        return content


@dataclass(frozen=True, slots=True)
class _Pieces:
    """An AudioSource without read-ahead."""

    store: _Counted
    found: StoredObject

    @property
    def size_bytes(self) -> int:
        return self.found.size_bytes

    def read(self, offset: int, length: int) -> bytes:
        return self.store.read(self.found.key, offset, length, self.found.etag)
