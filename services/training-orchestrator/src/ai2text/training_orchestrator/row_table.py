"""All rows of a version while it is made, for what compares them: sorted, capped and counted in bounded memory.

An unnamed SQLite database: on disk beyond its cache, and gone with the process however that ends. Blocking.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial

from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.datasets import DatasetReference, TranscribedRecording
from ai2text.common.contracts.definition import GOLDEN
from ai2text.common.contracts.states import ReviewStatus
from ai2text.training_orchestrator.audio_paths import audio_path
from ai2text.training_orchestrator.dataset import Amount, DatasetFile
from ai2text.training_orchestrator.plan import SourceAudio
from ai2text.training_orchestrator.rows import MICRO, Candidate, Row, Rows, microseconds_of, voice_of, words_in
from ai2text.training_orchestrator.tally import amount
from ai2text.training_orchestrator.unnamed_database import unnamed_database

CACHE_KIB = 32 << 10
RANK = {ReviewStatus.VERIFIED: 0, ReviewStatus.CORRECTED: 1, ReviewStatus.UNREVIEWED: 2}
"""What people have looked at goes before what nobody has."""
HOUR = 3600 * MICRO
LAST = datetime.max.replace(tzinfo=UTC)

SCHEMA = """
CREATE TABLE rows (
    id TEXT PRIMARY KEY, split TEXT NOT NULL, recording_id TEXT NOT NULL, voice TEXT NOT NULL, speaker TEXT,
    place TEXT,
    rank INTEGER NOT NULL, microseconds INTEGER NOT NULL, said BLOB NOT NULL, words INTEGER NOT NULL,
    document BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX rows_by_recording ON rows (recording_id);
CREATE TABLE recordings (recording_id TEXT PRIMARY KEY, reference BLOB, source BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sounds (
    sound TEXT NOT NULL, rank INTEGER NOT NULL, ingested_at TEXT NOT NULL, recording_id TEXT NOT NULL,
    PRIMARY KEY (sound, rank, ingested_at, recording_id)
) WITHOUT ROWID;
CREATE TABLE voices (id TEXT NOT NULL, speaker TEXT NOT NULL, PRIMARY KEY (id, speaker)) WITHOUT ROWID;
"""
COPIES = f"""
DELETE FROM rows WHERE split <> '{GOLDEN}' AND recording_id IN (
    SELECT recording_id FROM (
        SELECT recording_id, row_number() OVER (
            PARTITION BY sound ORDER BY split <> '{GOLDEN}', rank, ingested_at, recording_id) AS number
        FROM (
            SELECT sounds.*, (SELECT split FROM rows WHERE rows.recording_id = sounds.recording_id LIMIT 1) AS split
            FROM sounds)
        WHERE split IS NOT NULL)
    WHERE number > 1)
RETURNING microseconds
"""  # noqa: S608 - a constant
SAID_IN_GOLDEN = f"""
DELETE FROM rows WHERE split <> '{GOLDEN}' AND words >= :most
    AND said IN (SELECT said FROM rows WHERE split = '{GOLDEN}')
RETURNING microseconds
"""  # noqa: S608 - a constant
REPEATED = """
DELETE FROM rows WHERE id IN (
    SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY said ORDER BY rank, id) AS number FROM rows)
    WHERE number > :most)
RETURNING microseconds
"""
BEYOND_OF_SPEAKER = """
DELETE FROM rows WHERE id IN (
    SELECT id FROM (
        SELECT id, sum(microseconds) OVER (PARTITION BY speaker ORDER BY rank, id ROWS UNBOUNDED PRECEDING) AS reached
        FROM rows WHERE speaker IS NOT NULL)
    WHERE reached > :most)
RETURNING microseconds
"""
BEYOND_OF_PLACE = BEYOND_OF_SPEAKER.replace("speaker", "place")
REFERENCES = """
SELECT reference FROM recordings
WHERE reference IS NOT NULL AND EXISTS (SELECT 1 FROM rows WHERE rows.recording_id = recordings.recording_id)
ORDER BY recording_id
"""
LEAKS = f"""
SELECT DISTINCT voices.speaker FROM rows JOIN voices USING (id) WHERE rows.split = '{GOLDEN}'
INTERSECT SELECT voices.speaker FROM rows JOIN voices USING (id) WHERE rows.split <> '{GOLDEN}' ORDER BY 1 LIMIT 5
"""  # noqa: S608 - a constant


class RowTable:
    """Used by one thread at a time."""

    def __init__(self) -> None:
        self._database = unnamed_database(SCHEMA, CACHE_KIB)

    def close(self) -> None:
        self._database.close()

    def add(
        self, recording: TranscribedRecording, candidates: Iterable[Candidate], foreign_etag: str | None = None
    ) -> None:
        """In one transaction with what was added before, until something is asked.

        One in an archive is pinned by its `foreign_etag`, and is no recording of the catalogue to be referred to.
        """
        reference = encode(_reference(recording)) if foreign_etag is None else None
        about = recording.recording_id, reference, encode(_source(recording, foreign_etag))
        self._database.execute("INSERT INTO recordings VALUES (?, ?, ?)", about)
        for one in candidates:
            self._database.execute("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _values(one))
            self._database.executemany("INSERT INTO voices VALUES (?, ?)", ((one.row.id, name) for name in one.voices))
        if recording.sound_sha256 is not None:
            self._database.execute("INSERT INTO sounds VALUES (?, ?, ?, ?)", _sound(recording))

    def remove_copies(self) -> Amount:
        """Of recordings with the same sound one is left, and every golden one."""
        return self._removed(COPIES)

    def remove_said_in_golden(self, words: int) -> Amount:
        """Rows of the other splits that say the same as a golden one, in at least so many words."""
        return self._removed(SAID_IN_GOLDEN, words)

    def remove_repeated(self, most: int) -> Amount:
        """Rows that say the same, beyond the first `most`; capitals and white space make no difference."""
        return self._removed(REPEATED, most)

    def remove_beyond_speaker(self, hours: float) -> Amount:
        return self._removed(BEYOND_OF_SPEAKER, round(hours * HOUR))

    def remove_beyond_place(self, hours: float) -> Amount:
        return self._removed(BEYOND_OF_PLACE, round(hours * HOUR))

    def _removed(self, statement: str, most: int = 0) -> Amount:
        rows, microseconds = 0, 0
        for (length,) in self._database.execute(statement, {"most": most}):
            rows, microseconds = rows + 1, microseconds + length
        return amount(rows, microseconds)

    def splits(self) -> dict[str, Amount]:
        found = self._database.execute(
            "SELECT split, count(*), sum(microseconds) FROM rows GROUP BY split ORDER BY split"
        )
        return {split: amount(rows, microseconds) for split, rows, microseconds in found}

    def golden_elsewhere(self) -> list[str]:
        """Some of those who speak in the golden split and in another one."""
        return [speaker for (speaker,) in self._database.execute(LEAKS)]

    def has_rows_of(self, recording_id: str) -> bool:
        found = self._database.execute("SELECT 1 FROM rows WHERE recording_id = ? LIMIT 1", (recording_id,))
        return found.fetchone() is not None

    def references(self) -> Iterator[bytes]:
        """A line for each recording of the catalogue that has rows, in the order of the ids."""
        return (reference + b"\n" for (reference,) in self._database.execute(REFERENCES))

    def source_of(self, recording_id: str) -> SourceAudio:
        found = self._database.execute("SELECT source FROM recordings WHERE recording_id = ?", (recording_id,))
        return decode(SourceAudio, found.fetchone()[0])

    def of(self, split: str) -> Rows:
        return partial(self.rows, split)

    def rows(self, split: str) -> Iterator[Row]:
        """In the order of their ids: a recording's follow one another."""
        found = self._database.execute("SELECT document FROM rows WHERE split = ? ORDER BY id", (split,))
        return (decode(Row, document) for (document,) in found)


def _values(one: Candidate) -> tuple[object, ...]:
    row = one.row
    said = hashlib.sha256(" ".join(row.text.casefold().split()).encode()).digest()[:16]
    length = microseconds_of(row)
    document = encode(row)
    known = row.id, row.split, row.recording_id, voice_of(row), row.speaker, one.place
    return *known, RANK[row.review], length, said, words_in(row.text, row.language), document


def _sound(recording: TranscribedRecording) -> tuple[object, ...]:
    """Of copies that are reviewed alike the first one stays: so none moves to another split when others are added."""
    at = (recording.ingested_at or LAST).astimezone(UTC).isoformat(timespec="microseconds")
    return recording.sound_sha256, RANK.get(recording.review, len(RANK)), at, recording.recording_id


def _reference(recording: TranscribedRecording) -> DatasetReference:
    return DatasetReference(
        recording_id=recording.recording_id,
        life=recording.life,
        revision=recording.revision,
        job_id=recording.job_id,
    )


def _source(recording: TranscribedRecording, foreign_etag: str | None) -> SourceAudio:
    path, size, key = audio_path(recording), recording.size_bytes, recording.audio_key
    return SourceAudio(
        recording_id=recording.recording_id,
        life=recording.life,
        file=DatasetFile(path=path, sha256=recording.sha256, bytes=size, key=key),
        etag=foreign_etag,
    )
