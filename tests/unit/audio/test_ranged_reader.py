import threading
from dataclasses import dataclass, field

import pytest

from ai2text.audio.ranged_reader import RangedReader
from ai2text.common.errors import StoreUnavailable

CONTENT = bytes(range(256)) * 40
"""10,240 bytes."""


@dataclass
class MemoryStore:
    """Remembers which ranges were asked for; fails at the offsets named, once each."""

    content: bytes = CONTENT
    failing: set[int] = field(default_factory=set)
    asked: list[tuple[int, int]] = field(default_factory=list)
    etags: set[str | None] = field(default_factory=set)
    release: threading.Event = field(default_factory=threading.Event)
    blocked_offset: int | None = None

    def read(self, _key: str, offset: int, length: int, etag: str | None = None, /) -> bytes:
        self.asked.append((offset, length))
        self.etags.add(etag)
        if offset == self.blocked_offset:
            assert self.release.wait(10)
        if offset in self.failing:
            self.failing.discard(offset)
            raise StoreUnavailable(f"no answer at {offset}")
        return self.content[offset : offset + length]


def reader(store: MemoryStore, **bounds: int) -> RangedReader:
    return RangedReader(store, "key", len(store.content), "etag-1", **({"block_bytes": 1000} | bounds))


@pytest.mark.parametrize(
    ("offset", "length"),
    [(0, 10), (995, 10), (0, 10_240), (10_230, 100), (10_240, 5), (999, 1), (1000, 1), (500, 3000), (7, 0)],
)
def test_any_range_is_exact_and_ends_where_the_object_ends(offset: int, length: int) -> None:
    with reader(MemoryStore()) as source:
        assert source.read(offset, length) == CONTENT[offset : offset + length]


def test_reading_through_fetches_every_block_once_with_the_etag() -> None:
    store = MemoryStore()
    with reader(store) as source:
        assert b"".join(source.read(offset, 300) for offset in range(0, len(CONTENT), 300)) == CONTENT
    assert sorted(store.asked) == [(start, min(1000, 10_240 - start)) for start in range(0, 10_240, 1000)]
    assert store.etags == {"etag-1"}


def test_the_next_block_is_fetched_while_the_present_one_is_used() -> None:
    store = MemoryStore(blocked_offset=1000)
    with reader(store) as source:
        assert source.read(0, 1000) == CONTENT[:1000]
        store.release.set()
        assert source.read(1000, 1000) == CONTENT[1000:2000]
    assert store.asked.count((1000, 1000)) == 1


def test_jumping_about_fetches_nothing_ahead() -> None:
    store = MemoryStore()
    with reader(store) as source:
        for offset in (9000, 4000, 7000):
            source.read(offset, 10)
    assert store.asked == [(9000, 1000), (4000, 1000), (7000, 1000)]


def test_the_least_recently_used_block_goes_first() -> None:
    store = MemoryStore()
    with reader(store, blocks_kept=2) as source:
        for offset in (9000, 5000, 9000, 3000, 9000, 5000):
            source.read(offset, 10)
    assert [offset for offset, _ in store.asked] == [9000, 5000, 3000, 5000]


def test_an_error_of_the_store_arrives_unchanged_and_does_not_stick() -> None:
    with reader(MemoryStore(failing={4000})) as source:
        with pytest.raises(StoreUnavailable, match="4000"):
            source.read(4000, 10)
        assert source.read(4000, 10) == CONTENT[4000:4010]


def test_an_error_ahead_arrives_when_its_block_is_needed_and_does_not_stick() -> None:
    with reader(MemoryStore(failing={1000})) as source:
        assert source.read(0, 10) == CONTENT[:10]
        with pytest.raises(StoreUnavailable, match="1000"):
            source.read(1000, 10)
        assert source.read(1000, 10) == CONTENT[1000:1010]


def test_an_error_ahead_that_nobody_needs_is_nobodys_business() -> None:
    with reader(MemoryStore(failing={1000})) as source:
        source.read(0, 10)
        assert source.read(9000, 10) == CONTENT[9000:9010]


def test_closing_does_not_wait_for_a_fetch_under_way() -> None:
    store = MemoryStore(blocked_offset=1000)
    with reader(store) as source:
        source.read(0, 10)
    assert not store.release.is_set()
    store.release.set()
