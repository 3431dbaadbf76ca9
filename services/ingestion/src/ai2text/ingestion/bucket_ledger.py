"""What is known of the objects of one watched bucket, in a SQLite file; it can be lost without harm."""

import json
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from ai2text.ingestion.ledger import WAITING, Stage
from ai2text.ingestion.sqlite_file import SqliteFile, insertion


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEntry:
    """One object by its key; another ETag is another content."""

    key: str
    etag: str
    stage: Stage
    recording_id: str | None = None
    job_id: str | None = None
    outcome_key: str | None = None
    facts_key: str | None = None
    placed: str | None = None
    """Where it is moved to, written down before it is moved; None when it stays."""
    origin: str | None = None
    """Where it was moved from, once another object is known under that key."""
    written: dict[str, str] = field(default_factory=dict)
    """Keys of the objects that we wrote beside it, and the SHA-256 of what we wrote."""
    life: int = 0
    """Of the recording: the generation of its first jobs; see `identity`."""
    revision: int = 0
    """The correction that stands beside the object; 0 before there was any."""
    intended: tuple[str, ...] = ()
    """SHA-256 of what is being written beside it at this moment, or was when somebody was killed at it."""


COLUMNS = {
    "key": "TEXT PRIMARY KEY",
    "etag": "TEXT",
    "stage": "TEXT",
    "recording_id": "TEXT",
    "job_id": "TEXT",
    "outcome_key": "TEXT",
    "facts_key": "TEXT",
    "placed": "TEXT",
    "origin": "TEXT",
    "written": "TEXT",
    "life": "INTEGER NOT NULL DEFAULT 0",
    "revision": "INTEGER NOT NULL DEFAULT 0",
    "intended": "TEXT NOT NULL DEFAULT '[]'",
}


@dataclass(frozen=True, slots=True)
class Known:
    etag: str
    stage: Stage
    written: tuple[str, ...]
    """Keys of the objects that we wrote beside it."""
    placed: str | None = None


class BucketLedger:
    """Blocking and safe to call from several threads; raises LedgerUnavailable. A power cut loses nothing."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, durable=True)
        self._file.make_table("objects", COLUMNS)
        self._file.run("CREATE INDEX IF NOT EXISTS objects_by_recording ON objects (recording_id)")
        self._file.run("CREATE INDEX IF NOT EXISTS objects_by_stage ON objects (stage)")

    def close(self) -> None:
        self._file.close()

    def put(self, entry: ObjectEntry) -> None:
        lists = {"written": json.dumps(entry.written), "intended": json.dumps(entry.intended)}
        values = {**{name: getattr(entry, name) for name in COLUMNS}, **lists}
        self._file.run(_INSERT, *values.values())

    def get(self, key: str) -> ObjectEntry | None:
        return next(iter(self._read("SELECT * FROM objects WHERE key = ?", key)), None)

    def of_recording(self, recording_id: str) -> list[ObjectEntry]:
        return self._read("SELECT * FROM objects WHERE recording_id = ?", recording_id)

    def waiting(self, limit: int) -> list[ObjectEntry]:
        """Objects whose announcement or sidecars may be missing: a random sample, so that each has its turn."""
        return self._read("SELECT * FROM objects WHERE stage IN (?, ?) ORDER BY random() LIMIT ?", *WAITING, limit)

    def announced(self, entry: ObjectEntry) -> None:
        """Unless it has come further in the meantime: a worker may be faster than this line."""
        self._file.run(
            "UPDATE objects SET stage = ? WHERE key = ? AND stage = ? AND job_id = ?",
            *(Stage.ANNOUNCED, entry.key, Stage.STORED, entry.job_id),
        )

    def placed(self, key: str, place: str) -> None:
        self._file.run("UPDATE objects SET placed = ? WHERE key = ?", place, key)

    def settle(self, entry: ObjectEntry, stage: Stage, written: dict[str, str], revision: int) -> None:
        """Only while the key still stands for that recording."""
        self._file.run(
            "UPDATE objects SET stage = ?, written = ?, revision = ?, intended = '[]' "
            "WHERE key = ? AND recording_id = ? AND life = ?",
            *(stage, json.dumps(written), revision, entry.key, entry.recording_id, entry.life),
        )

    def intend(self, entry: ObjectEntry, digests: tuple[str, ...]) -> None:
        """Before it is written beside the object."""
        intended = json.dumps(sorted({*entry.intended, *digests}))
        self._file.run("UPDATE objects SET intended = ? WHERE key = ?", intended, entry.key)

    def keys(self) -> dict[str, Known]:
        """Of each what a listing is compared with."""
        rows = self._file.read("SELECT key, etag, stage, written, placed FROM objects")
        return {
            key: Known(etag, Stage(stage), tuple(json.loads(written)), placed)
            for key, etag, stage, written, placed in rows
        }

    def forget(self, key: str) -> None:
        self._file.run("DELETE FROM objects WHERE key = ?", key)

    def count_waiting(self) -> int:
        ((count,),) = self._file.read("SELECT count(*) FROM objects WHERE stage IN (?, ?)", *WAITING)
        return int(count)

    def _read(self, statement: str, *values: object) -> list[ObjectEntry]:
        return [_entry(row) for row in self._file.read(statement, *values)]


_INSERT = insertion("objects", COLUMNS)


def _entry(row: sqlite3.Row) -> ObjectEntry:
    values = dict(row)
    return ObjectEntry(
        **values
        | {
            "stage": Stage(values["stage"]),
            "written": json.loads(values["written"]),
            "intended": tuple(json.loads(values["intended"])),
        }
    )
