"""Rows of transcripts and their segments: immutable revisions, the first machine one of a job stays."""

import hashlib
from dataclasses import asdict
from uuid import uuid5

from psycopg.types.json import Jsonb

from ai2text.common.contracts.identity import NAMESPACE
from ai2text.common.contracts.outcome import Segment, Transcript
from ai2text.metadata.postgres.pool import Connection


async def save_transcript(connection: Connection, transcript: Transcript) -> int | None:
    """The number of the new revision; None when this job's transcript is already there.

    The caller holds the recording's row, so that two revisions never get the same number.
    """
    cursor = await connection.execute(
        """
        INSERT INTO transcripts (recording_id, revision, tenant, job_id, kind, generation, model, engine,
            language, language_probability, text, created_at)
        SELECT %(recording)s, coalesce(max(revision), 0) + 1, %(tenant)s, %(job)s, 'machine', %(generation)s,
            %(model)s, %(engine)s, %(language)s, %(probability)s, %(text)s, %(at)s
        FROM transcripts WHERE recording_id = %(recording)s
        ON CONFLICT (job_id) DO NOTHING
        RETURNING revision
        """,
        {
            "recording": transcript.recording_id,
            "tenant": transcript.tenant,
            "job": transcript.job_id,
            "generation": transcript.generation,
            "model": transcript.model,
            "engine": Jsonb(asdict(transcript.engine)),
            "language": transcript.language,
            "probability": transcript.language_probability,
            "text": transcript.text,
            "at": transcript.transcribed_at,
        },
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    revision: int = row["revision"]
    await _save_segments(connection, transcript, revision)
    return revision


async def _save_segments(connection: Connection, transcript: Transcript, revision: int) -> None:
    columns = (
        "recording_id, revision, place, segment_id, tenant, etag, start_seconds, end_seconds, text, words, "
        "temperature, avg_logprob, compression_ratio, no_speech_prob"
    )
    async with connection.cursor() as cursor, cursor.copy(f"COPY segments ({columns}) FROM STDIN") as copy:
        for place, segment in enumerate(transcript.segments):
            await copy.write_row(
                (
                    transcript.recording_id,
                    revision,
                    place,
                    str(uuid5(NAMESPACE, f"segment/{transcript.job_id}/{place}")),
                    transcript.tenant,
                    _etag(segment),
                    segment.start,
                    segment.end,
                    segment.text.strip(),
                    Jsonb([asdict(word) for word in segment.words]),
                    segment.temperature,
                    segment.avg_logprob,
                    segment.compression_ratio,
                    segment.no_speech_prob,
                )
            )


def _etag(segment: Segment) -> str:
    """Changes when what people may edit changes."""
    return hashlib.sha256(f"{segment.start}\x1f{segment.end}\x1f{segment.text}".encode()).hexdigest()[:16]


async def make_current(connection: Connection, recording_id: str, revision: int) -> bool:
    """Whether `revision` is now the one people see: human work and later generations are never displaced."""
    cursor = await connection.execute(
        """
        UPDATE recordings SET current_revision = %(revision)s
        WHERE recording_id = %(recording)s AND NOT EXISTS (
            SELECT FROM transcripts AS current, transcripts AS new
            WHERE current.recording_id = %(recording)s AND current.revision = recordings.current_revision
              AND new.recording_id = %(recording)s AND new.revision = %(revision)s
              AND (current.kind = 'human' OR current.generation > new.generation))
        RETURNING current_revision
        """,
        {"recording": recording_id, "revision": revision},
    )
    return await cursor.fetchone() is not None
