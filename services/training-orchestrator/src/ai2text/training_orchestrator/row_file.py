"""The canonical rows of a version, or of a shard of it, out of a local copy. Blocking."""

import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from types import TracebackType
from typing import IO, Self

from ai2text.common.contracts.codec import decode
from ai2text.training_orchestrator.plan import SplitRows, Stretch
from ai2text.training_orchestrator.rows import Row, Rows, voice_of
from ai2text.training_orchestrator.unnamed_database import unnamed_database

BUFFER_BYTES = 1 << 17
SCHEMA = """
CREATE TABLE places (
    split TEXT NOT NULL, voice TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (split, voice, id)
) WITHOUT ROWID;
"""
SORTED = "SELECT place FROM places WHERE split = ? ORDER BY voice, id"


class RowFile:
    """`blocks` are read once, to an unnamed file that goes with this object. Used by one thread at a time."""

    def __init__(self, blocks: Iterable[bytes], splits: Iterable[SplitRows]) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(buffering=BUFFER_BYTES)  # noqa: SIM115 - closed with this object
        self._file.writelines(blocks)
        self._splits = {one.split: one.rows for one in splits}
        self._sorted = set[str]()
        self._places_by_voice = unnamed_database(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._places_by_voice.close()
        self._file.close()

    def of(self, split: str) -> Rows:
        """In the order of their ids: a recording's follow one another."""
        return self.of_stretch(self._splits[split])

    def of_stretch(self, stretch: Stretch) -> Rows:
        return partial(self.within, stretch)

    def rows(self) -> Iterator[Row]:
        """Of all splits, one after the other."""
        for split in self._splits.values():
            yield from self.within(split)

    def within(self, stretch: Stretch) -> Iterator[Row]:
        """May be read side by side with others."""
        place = stretch.offset
        while place < stretch.offset + stretch.bytes:
            line = self._line(place)
            place += len(line)
            yield decode(Row, line)

    def _line(self, place: int) -> bytes:
        self._file.seek(place)
        return self._file.readline()

    def by_voice(self, split: str) -> Rows:
        """One voice after the other, and of each in the order of the ids."""
        if split not in self._sorted:
            places = ((split, *about) for about in self._places(self._splits[split]))
            self._places_by_voice.executemany("INSERT INTO places VALUES (?, ?, ?, ?)", places)
            self._sorted.add(split)
        return partial(self._by_voice, split)

    def _by_voice(self, split: str) -> Iterator[Row]:
        for (place,) in self._places_by_voice.execute(SORTED, (split,)):
            yield decode(Row, self._line(place))

    def _places(self, stretch: Stretch) -> Iterator[tuple[str, str, int]]:
        place = stretch.offset
        for row in self.within(stretch):
            yield voice_of(row), row.id, place
            place += len(self._line(place))
