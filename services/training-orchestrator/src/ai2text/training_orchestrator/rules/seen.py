"""What rules have come across and compare later: on disk beyond a cache, and gone with the process. Blocking."""

from types import TracebackType
from typing import Self

from ai2text.training_orchestrator.unnamed_database import unnamed_database

SCHEMA = "CREATE TABLE seen (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID;"


class Seen:
    """Texts by a kind and a key."""

    def __init__(self) -> None:
        self._database = unnamed_database(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()

    def add(self, kind: str, key: str, value: str = "") -> bool:
        """Whether it is new; what was there stays."""
        added = self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (kind, key, value))
        return added.rowcount == 1

    def find(self, kind: str, key: str) -> str | None:
        found = self._database.execute("SELECT value FROM seen WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return found[0] if found else None

    def take(self, kind: str, key: str) -> str | None:
        """Likewise, and it is gone."""
        statement = "DELETE FROM seen WHERE kind = ? AND key = ? RETURNING value"
        found = self._database.execute(statement, (kind, key)).fetchone()
        return found[0] if found else None

    def left(self, kind: str) -> list[str]:
        """Some of the keys, in order."""
        statement = "SELECT key FROM seen WHERE kind = ? ORDER BY key LIMIT 100"
        return [key for (key,) in self._database.execute(statement, (kind,))]
