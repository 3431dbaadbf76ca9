"""A small database in a file of its own, for what may be lost without harm."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from ai2text.common.errors import Unavailable


class LedgerUnavailable(Unavailable):
    """The disk of the state directory is full, or failing."""


class SqliteFile:
    """Blocking and safe to call from several threads; raises LedgerUnavailable.

    What is written survives the end of the process at once, and a power cut a moment later; `durable` means at once.
    What is deleted is overwritten in the file.
    """

    def __init__(self, path: Path, *, durable: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")

    def close(self) -> None:
        self._db.close()

    def make_table(self, name: str, columns: Mapping[str, str]) -> None:
        """`columns` with their types. One that an older version made gets the columns that it lacks."""
        self.run(f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(map(' '.join, columns.items()))})")
        present = {row["name"] for row in self.read(f"PRAGMA table_info({name})")}
        for column in columns.keys() - present:
            self.run(f"ALTER TABLE {name} ADD COLUMN {column} {columns[column]}")

    def run(self, statement: str, *values: object) -> None:
        with self.transaction() as db:
            db.execute(statement, values)

    def read(self, statement: str, *values: object) -> list[sqlite3.Row]:
        with self._guarded() as db:
            return db.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self._guarded() as db, db:
            yield db

    @contextmanager
    def _guarded(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.OperationalError as exc:
                raise LedgerUnavailable(f"{self.path}: {exc}") from exc


def insertion(table: str, columns: Iterable[str]) -> str:
    """Of a whole row, in the place of one of the same key."""
    names = list(columns)
    return f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - names of ours
