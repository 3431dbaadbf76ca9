"""What is known of the files of one folder, in a SQLite file; it survives restarts, and can be lost without harm."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Lock

from ai2text.ingestion.recording import Signature


class Stage(StrEnum):
    """How far a file has come; the next step is always safe to repeat."""

    STORED = "stored"
    """Audio and facts are in the object store; the announcements may be missing."""
    ANNOUNCED = "announced"
    """The transcript is awaited."""
    DONE = "done"
    """The sidecars were written."""
    REFUSED = "refused"
    FAILED = "failed"


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


class Ledger:
    """Blocking and safe to call from several threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(
            """
            CREATE TABLE IF NOT EXISTS files (
                name TEXT PRIMARY KEY, size_bytes INTEGER, modified_ns INTEGER, inode INTEGER, stage TEXT,
                recording_id TEXT, job_id TEXT, outcome_key TEXT, facts_key TEXT, written TEXT)
            """
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS files_by_recording ON files (recording_id)")
        self._db.execute("CREATE INDEX IF NOT EXISTS files_by_stage ON files (stage)")

    def close(self) -> None:
        self._db.close()

    def put(self, entry: Entry) -> None:
        self._run(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            entry.name,
            entry.signature.size_bytes,
            entry.signature.modified_ns,
            entry.signature.inode,
            entry.stage,
            entry.recording_id,
            entry.job_id,
            entry.outcome_key,
            entry.facts_key,
            json.dumps(entry.written),
        )

    def get(self, name: str) -> Entry | None:
        return next(iter(self._read("SELECT * FROM files WHERE name = ?", name)), None)

    def of_recording(self, recording_id: str) -> list[Entry]:
        return self._read("SELECT * FROM files WHERE recording_id = ?", recording_id)

    def waiting(self, limit: int) -> list[Entry]:
        """Files whose announcement or sidecars may be missing: a random sample, so that each has its turn."""
        return self._read("SELECT * FROM files WHERE stage IN (?, ?) ORDER BY random() LIMIT ?", *WAITING, limit)

    def announced(self, entry: Entry) -> None:
        """Unless it has come further in the meantime: a worker may be faster than this line."""
        self._run(
            "UPDATE files SET stage = ? WHERE name = ? AND stage = ? AND job_id = ?",
            Stage.ANNOUNCED,
            entry.name,
            Stage.STORED,
            entry.job_id,
        )

    def everything(self) -> list[Entry]:
        return self._read("SELECT * FROM files")

    def forget(self, name: str) -> None:
        self._run("DELETE FROM files WHERE name = ?", name)

    def count_waiting(self) -> int:
        with self._lock:
            (count,) = self._db.execute("SELECT count(*) FROM files WHERE stage IN (?, ?)", WAITING).fetchone()
        return int(count)

    def _run(self, statement: str, *values: object) -> None:
        with self._transaction() as db:
            db.execute(statement, values)

    def _read(self, statement: str, *values: object) -> list[Entry]:
        with self._lock:
            rows = self._db.execute(statement, values).fetchall()
        return [_entry(*row) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._db:
            yield self._db


def _entry(  # noqa: PLR0913, PLR0917 - the columns of the table
    name: str,
    size_bytes: int,
    modified_ns: int,
    inode: int,
    stage: str,
    recording_id: str | None,
    job_id: str | None,
    outcome_key: str | None,
    facts_key: str | None,
    written: str,
) -> Entry:
    return Entry(
        name=name,
        signature=Signature(size_bytes=size_bytes, modified_ns=modified_ns, inode=inode),
        stage=Stage(stage),
        recording_id=recording_id,
        job_id=job_id,
        outcome_key=outcome_key,
        facts_key=facts_key,
        written=json.loads(written),
    )
