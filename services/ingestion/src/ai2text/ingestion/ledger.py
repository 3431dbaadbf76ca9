"""What is known of the files of one folder, in a SQLite file; it survives restarts, and can be lost without harm."""

import json
import sqlite3
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from ai2text.ingestion.recording import Signature
from ai2text.ingestion.sqlite_file import SqliteFile, insertion


class Stage(StrEnum):
    """How far a file has come; the next step is always safe to repeat."""

    STORED = "stored"
    """Audio and facts are in the object store; the announcements may be missing."""
    ANNOUNCED = "announced"
    """The transcript is awaited."""
    DONE = "done"
    """The sidecars were written."""
    REFUSED = "refused"
    UNREADABLE = "unreadable"
    """Refused for its permissions; taken again when they have changed, which the signature does not show."""
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Nothing is awaited, and nothing was written; a later job may still bring a transcript."""


class Disposal(StrEnum):
    """What is still to be done with the file itself, as the folder was configured when it was taken."""

    NONE = "none"
    MOVE = "move"
    DELETE = "delete"
    FINISHED = "finished"


WAITING = (Stage.STORED, Stage.ANNOUNCED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file; `name` is its path below the folder."""

    name: str
    signature: Signature
    stage: Stage
    recording_id: str | None = None
    job_id: str | None = None
    outcome_key: str | None = None
    facts_key: str | None = None
    written: dict[str, str] = field(default_factory=dict)
    """Names of the files that we wrote beside it, and the SHA-256 of what we wrote."""
    replaces: str | None = None
    """The recording that this path held before, as it was announced or is to be announced."""
    disposal: Disposal = Disposal.NONE
    target: str | None = None
    """Where the file is being moved to; written down before the move."""
    life: int = 0
    """Of the recording: the generation of its first jobs; see `identity`."""
    revision: int = 0
    """The correction that stands beside the file; 0 before there was any."""
    intended: tuple[str, ...] = ()
    """SHA-256 of what is being written beside it at this moment, or was when somebody was killed at it."""


COLUMNS = {
    "name": "TEXT PRIMARY KEY",
    "size_bytes": "INTEGER",
    "modified_ns": "INTEGER",
    "inode": "INTEGER",
    "stage": "TEXT",
    "recording_id": "TEXT",
    "job_id": "TEXT",
    "outcome_key": "TEXT",
    "facts_key": "TEXT",
    "written": "TEXT",
    "replaces": "TEXT",
    "disposal": "TEXT NOT NULL DEFAULT 'none'",
    "target": "TEXT",
    "life": "INTEGER NOT NULL DEFAULT 0",
    "revision": "INTEGER NOT NULL DEFAULT 0",
    "intended": "TEXT NOT NULL DEFAULT '[]'",
}
PENDING = (Disposal.MOVE, Disposal.DELETE)


class Ledger:
    """Blocking and safe to call from several threads; raises LedgerUnavailable.

    What is written survives the end of the process at once, and a power cut a moment later: the steps of the last
    moment are repeated then. Only the intention to move a file is on the disk before the file is moved.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = SqliteFile(path, durable=False)
        self._file.make_table("files", COLUMNS)
        self._file.run("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT)")
        self._file.run("CREATE INDEX IF NOT EXISTS files_by_recording ON files (recording_id)")
        self._file.run("CREATE INDEX IF NOT EXISTS files_by_stage ON files (stage)")
        self._file.run("CREATE INDEX IF NOT EXISTS files_by_disposal ON files (disposal)")

    def close(self) -> None:
        self._file.close()

    def put(self, entry: Entry) -> None:
        self._file.run(_INSERT, *_row(entry))

    def put_durably(self, entry: Entry) -> None:
        """Returns when the entry would survive a power cut."""
        with self._file.transaction() as db:
            db.execute("PRAGMA synchronous=FULL")
            try:
                db.execute(_INSERT, _row(entry))
            finally:
                db.execute("PRAGMA synchronous=NORMAL")

    def rename(self, entry: Entry, name: str) -> None:
        """The same file under another name, in one step."""
        with self._file.transaction() as db:
            db.execute("BEGIN")
            db.execute("DELETE FROM files WHERE name = ?", (entry.name,))
            db.execute(_INSERT, _row(replace(entry, name=name)))
            db.execute("COMMIT")

    def get(self, name: str) -> Entry | None:
        return next(iter(self._read("SELECT * FROM files WHERE name = ?", name)), None)

    def of_recording(self, recording_id: str) -> list[Entry]:
        return self._read("SELECT * FROM files WHERE recording_id = ?", recording_id)

    def waiting(self, limit: int) -> list[Entry]:
        """Files whose announcement or sidecars may be missing: a random sample, so that each has its turn."""
        return self._read("SELECT * FROM files WHERE stage IN (?, ?) ORDER BY random() LIMIT ?", *WAITING, limit)

    def to_dispose_of(self, limit: int) -> list[Entry]:
        """Announced files that were not moved or deleted yet."""
        return self._read(
            "SELECT * FROM files WHERE disposal IN (?, ?) AND stage != ? ORDER BY random() LIMIT ?",
            *PENDING,
            Stage.STORED,
            limit,
        )

    def announced(self, entry: Entry) -> None:
        """Unless it has come further in the meantime: a worker may be faster than this line."""
        self._file.run(
            "UPDATE files SET stage = ? WHERE name = ? AND stage = ? AND job_id = ?",
            Stage.ANNOUNCED,
            entry.name,
            Stage.STORED,
            entry.job_id,
        )

    def forget(self, name: str) -> None:
        self._file.run("DELETE FROM files WHERE name = ?", name)

    def count_waiting(self) -> int:
        ((count,),) = self._file.read("SELECT count(*) FROM files WHERE stage IN (?, ?)", *WAITING)
        return int(count)

    def remember(self, name: str, value: str) -> None:
        """Something about the folder as a whole."""
        self._file.run("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value)

    def remembered(self, name: str) -> str | None:
        return next(
            (str(row["value"]) for row in self._file.read("SELECT value FROM facts WHERE name = ?", name)), None
        )

    def _read(self, statement: str, *values: object) -> list[Entry]:
        return [_entry(row) for row in self._file.read(statement, *values)]


_INSERT = insertion("files", COLUMNS)


def _row(entry: Entry) -> tuple[object, ...]:
    signature = entry.signature
    values = {
        **{name: getattr(entry, name) for name in COLUMNS if hasattr(entry, name)},
        **{name: getattr(signature, name) for name in signature.__slots__},
        "written": json.dumps(entry.written),
        "intended": json.dumps(entry.intended),
    }
    return tuple(values[name] for name in COLUMNS)


def _entry(row: sqlite3.Row) -> Entry:
    values = dict(row)
    signature = Signature(**{name: values.pop(name) for name in Signature.__slots__})
    values |= {
        "stage": Stage(values["stage"]),
        "disposal": Disposal(values["disposal"]),
        "written": json.loads(values["written"]),
        "intended": tuple(json.loads(values["intended"])),
    }
    return Entry(signature=signature, **values)
