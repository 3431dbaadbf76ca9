"""What is known of the objects of one watched bucket, in a SQLite file; it can be lost without harm."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from ai2text.ingestion.ledger import WAITING, Stage


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
    written: dict[str, str] = field(default_factory=dict)
    """Keys of the objects that we wrote beside it, and the SHA-256 of what we wrote."""


class BucketLedger:
    """Blocking and safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(
            """
            CREATE TABLE IF NOT EXISTS objects (
                key TEXT PRIMARY KEY, etag TEXT, stage TEXT, recording_id TEXT, job_id TEXT, outcome_key TEXT,
                facts_key TEXT, placed TEXT, written TEXT)
            """
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS objects_by_recording ON objects (recording_id)")
        self._db.execute("CREATE INDEX IF NOT EXISTS objects_by_stage ON objects (stage)")

    def close(self) -> None:
        self._db.close()

    def put(self, entry: ObjectEntry) -> None:
        self._run(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            entry.key,
            entry.etag,
            entry.stage,
            entry.recording_id,
            entry.job_id,
            entry.outcome_key,
            entry.facts_key,
            entry.placed,
            json.dumps(entry.written),
        )

    def get(self, key: str) -> ObjectEntry | None:
        return next(iter(self._read("SELECT * FROM objects WHERE key = ?", key)), None)

    def of_recording(self, recording_id: str) -> list[ObjectEntry]:
        return self._read("SELECT * FROM objects WHERE recording_id = ?", recording_id)

    def waiting(self, limit: int) -> list[ObjectEntry]:
        """Objects whose announcement or sidecars may be missing: a random sample, so that each has its turn."""
        return self._read("SELECT * FROM objects WHERE stage IN (?, ?) ORDER BY random() LIMIT ?", *WAITING, limit)

    def announced(self, entry: ObjectEntry) -> None:
        """Unless it has come further in the meantime: a worker may be faster than this line."""
        self._run(
            "UPDATE objects SET stage = ? WHERE key = ? AND stage = ? AND job_id = ?",
            *(Stage.ANNOUNCED, entry.key, Stage.STORED, entry.job_id),
        )

    def placed(self, key: str, place: str) -> None:
        self._run("UPDATE objects SET placed = ? WHERE key = ?", place, key)

    def settle(self, entry: ObjectEntry, stage: Stage, written: dict[str, str]) -> None:
        """Only while the key still stands for that recording."""
        self._run(
            "UPDATE objects SET stage = ?, written = ? WHERE key = ? AND recording_id = ?",
            *(stage, json.dumps(written), entry.key, entry.recording_id),
        )

    def keys(self) -> dict[str, tuple[str, Stage]]:
        """The ETag and the stage of each."""
        with self._lock, closing(self._db.execute("SELECT key, etag, stage FROM objects")) as rows:
            return {key: (etag, Stage(stage)) for key, etag, stage in rows}

    def forget(self, key: str) -> None:
        self._run("DELETE FROM objects WHERE key = ?", key)

    def count_waiting(self) -> int:
        with self._lock:
            (count,) = self._db.execute("SELECT count(*) FROM objects WHERE stage IN (?, ?)", WAITING).fetchone()
        return int(count)

    def _run(self, statement: str, *values: object) -> None:
        with self._lock, self._db:
            self._db.execute(statement, values)

    def _read(self, statement: str, *values: object) -> list[ObjectEntry]:
        with self._lock:
            rows = self._db.execute(statement, values).fetchall()
        return [_entry(*row) for row in rows]


def _entry(  # noqa: PLR0913, PLR0917 - the columns of the table
    key: str,
    etag: str,
    stage: str,
    recording_id: str | None,
    job_id: str | None,
    outcome_key: str | None,
    facts_key: str | None,
    placed: str | None,
    written: str,
) -> ObjectEntry:
    return ObjectEntry(
        key=key,
        etag=etag,
        stage=Stage(stage),
        recording_id=recording_id,
        job_id=job_id,
        outcome_key=outcome_key,
        facts_key=facts_key,
        placed=placed,
        written=json.loads(written),
    )
