"""All audio of a version by its paths, sorted in bounded memory. Blocking."""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from ai2text.common.contracts.codec import encode
from ai2text.training_orchestrator.dataset import DatasetFile
from ai2text.training_orchestrator.unnamed_database import unnamed_database

SCHEMA = "CREATE TABLE listed (path TEXT PRIMARY KEY, line BLOB NOT NULL) WITHOUT ROWID"


class AudioListing:
    def __init__(self) -> None:
        self._database = unnamed_database(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.close()

    def add(self, files: Iterable[DatasetFile]) -> None:
        """A path that is listed already stays as it is."""
        listed = ((file.path, encode(file)) for file in files)
        self._database.executemany("INSERT OR IGNORE INTO listed VALUES (?, ?)", listed)

    def lines(self) -> Iterator[bytes]:
        """In the order of the paths."""
        return (line + b"\n" for (line,) in self._database.execute("SELECT line FROM listed ORDER BY path"))
