"""A folder as it is seen, beside its ledger: in a temporary table, so that neither is ever whole in memory."""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Self

from ai2text.ingestion.ledger import Disposal
from ai2text.ingestion.recording import Signature
from ai2text.ingestion.scan import Seen
from ai2text.ingestion.sqlite_file import LedgerUnavailable

BATCH = 1000


class Comparison:
    """Blocking; one thread at a time. Raises LedgerUnavailable."""

    def __init__(self, ledger: Path) -> None:
        self._db = sqlite3.connect(f"{ledger.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        self._db.isolation_level = None
        self._db.execute(
            "CREATE TEMP TABLE seen (name TEXT PRIMARY KEY, size_bytes INTEGER, modified_ns INTEGER, inode INTEGER) "
            "WITHOUT ROWID"
        )
        self.recordings = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(self, seen: Iterable[Seen]) -> None:
        rest = iter(seen)
        while batch := list(islice(rest, BATCH)):
            self._insert(batch)

    def _insert(self, batch: list[Seen]) -> None:
        self.recordings += sum(seen.signature is not None for seen in batch)
        rows = [
            (seen.name, s.size_bytes, s.modified_ns, s.inode) if (s := seen.signature) else (seen.name, *(None,) * 3)
            for seen in batch
        ]
        try:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as exc:
            raise LedgerUnavailable(f"The comparison: {exc}") from exc

    def empty(self) -> bool:
        return not list(self._rows("SELECT 1 FROM seen LIMIT 1"))

    def anything_known(self) -> bool:
        return bool(list(self._rows("SELECT 1 FROM files WHERE disposal != ? LIMIT 1", Disposal.FINISHED)))

    def unknown(self) -> Iterator[tuple[str, Signature]]:
        """Recordings that the ledger does not have, or has otherwise, or could not read."""
        for name, size_bytes, modified_ns, inode in self._rows(
            "SELECT s.name, s.size_bytes, s.modified_ns, s.inode FROM seen s LEFT JOIN files f ON f.name = s.name "
            "WHERE s.inode IS NOT NULL AND (f.name IS NULL OR f.size_bytes != s.size_bytes "
            "OR f.modified_ns != s.modified_ns OR f.inode != s.inode OR f.stage = 'unreadable')"
        ):
            yield name, Signature(size_bytes=size_bytes, modified_ns=modified_ns, inode=inode)

    def gone(self) -> Iterator[str]:
        """Files of the ledger that were not seen; not those that we moved or deleted, or are about to."""
        for (name,) in self._rows(
            "SELECT f.name FROM files f LEFT JOIN seen s ON s.name = f.name "
            "WHERE s.inode IS NULL AND f.disposal != ? AND f.target IS NULL",
            Disposal.FINISHED,
        ):
            yield name

    def without_sidecar(self) -> Iterator[str]:
        """Files of which something that we wrote beside them was not seen."""
        for (name,) in self._rows(
            "SELECT DISTINCT f.name FROM files f, json_each(f.written) w WHERE f.written != '{}' AND f.disposal = ? "
            "AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.name = w.key)",
            Disposal.NONE,
        ):
            yield name

    def _rows(self, statement: str, *values: object) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._db.execute(statement, values)
        except sqlite3.OperationalError as exc:
            raise LedgerUnavailable(f"The comparison: {exc}") from exc
