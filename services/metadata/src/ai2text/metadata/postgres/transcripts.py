"""Rows of transcripts and their segments: immutable revisions, the first machine one of a job stays."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid5

from psycopg.rows import class_row
from pydantic import TypeAdapter

from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.identity import NAMESPACE
from ai2text.common.contracts.outcome import SecondHearing, Transcript, Word
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.staging import stage
from ai2text.metadata.transcript_edit import etag_of

COLUMNS = (
    "recording_id, tenant, job_id, kind, generation, model, engine, language, language_probability, text, created_at, "
    "duration_seconds, speech_seconds, second_hearings"
)
SEGMENT = (
    "recording_id, revision, place, segment_id, tenant, etag, start_seconds, end_seconds, text, speaker, words, "
    "temperature, avg_logprob, compression_ratio, no_speech_prob"
)

WORDS = TypeAdapter(tuple[Word, ...])
_hearings = TypeAdapter(tuple[SecondHearing, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRevision:
    recording_id: str
    job_id: str
    revision: int


async def save_transcripts(connection: Connection, transcripts: Mapping[str, Transcript]) -> list[NewRevision]:
    """By job. Those whose transcript is there already get no new revision.

    The caller holds their recordings' rows, so that two revisions never get the same number.
    """
    await stage(connection, "transcripts", COLUMNS, map(_row, transcripts.values()))
    async with connection.cursor(row_factory=class_row(NewRevision)) as cursor:
        await cursor.execute(
            f"""
            INSERT INTO transcripts ({COLUMNS}, revision)
            SELECT {COLUMNS},
                coalesce((SELECT max(revision) FROM transcripts t WHERE t.recording_id = s.recording_id), 0)
                + row_number() OVER (PARTITION BY recording_id ORDER BY generation, created_at, job_id)
            FROM staged_transcripts s WHERE NOT EXISTS (SELECT FROM transcripts t WHERE t.job_id = s.job_id)
            ORDER BY recording_id
            RETURNING recording_id::text, job_id::text, revision
            """  # noqa: S608 - constants
        )
        new = await cursor.fetchall()
    await _save_segments(connection, [(one, transcripts[one.job_id]) for one in new])
    return new


def _row(transcript: Transcript) -> Sequence[object]:
    return (
        transcript.recording_id,
        transcript.tenant,
        transcript.job_id,
        "machine",
        transcript.generation,
        transcript.model,
        encode(transcript.engine).decode(),
        transcript.language,
        transcript.language_probability,
        transcript.text,
        transcript.transcribed_at,
        transcript.duration_seconds,
        transcript.speech_seconds,
        _hearings.dump_json(transcript.second_hearings).decode(),
    )


async def _save_segments(connection: Connection, new: Iterable[tuple[NewRevision, Transcript]]) -> None:
    await stage(connection, "segments", SEGMENT, (row for one, transcript in new for row in _segments(one, transcript)))
    await connection.execute(
        f"INSERT INTO segments ({SEGMENT}) SELECT {SEGMENT} FROM staged_segments"  # noqa: S608
    )


def _segments(new: NewRevision, transcript: Transcript) -> Iterator[Sequence[object]]:
    for place, segment in enumerate(transcript.segments):
        yield (
            new.recording_id,
            new.revision,
            place,
            uuid5(NAMESPACE, f"segment/{transcript.job_id}/{place}"),
            transcript.tenant,
            etag_of(segment),
            segment.start,
            segment.end,
            segment.text.strip(),
            segment.speaker,
            WORDS.dump_json(segment.words).decode(),
            segment.temperature,
            segment.avg_logprob,
            segment.compression_ratio,
            segment.no_speech_prob,
        )


async def make_current(connection: Connection, new: Iterable[NewRevision]) -> set[tuple[str, int]]:
    """Recordings and those of the `new` revisions that people see now.

    Human work and later generations are never displaced; of two asks in one generation the later transcript counts.
    A translation is seen only where there is no transcript of what was said.
    """
    revisions = list(new)
    cursor = await connection.execute(
        """
        UPDATE recordings SET current_revision = best.revision, language = best.language, status = 'transcribed'
        FROM (
            SELECT DISTINCT ON (t.recording_id) t.recording_id, t.revision, t.generation, t.created_at, t.language,
                jobs.task IS DISTINCT FROM 'translate' AS verbatim
            FROM transcripts t JOIN unnest(%s::uuid[], %s::integer[]) AS new (recording_id, revision)
                USING (recording_id, revision) LEFT JOIN jobs ON jobs.job_id = t.job_id
            ORDER BY t.recording_id, verbatim DESC, t.generation DESC, t.created_at DESC, t.revision DESC
        ) AS best
        WHERE recordings.recording_id = best.recording_id AND NOT EXISTS (
            SELECT FROM transcripts AS current LEFT JOIN jobs ON jobs.job_id = current.job_id
            WHERE current.recording_id = best.recording_id AND current.revision = recordings.current_revision
              AND (current.kind = 'human'
                OR (jobs.task IS DISTINCT FROM 'translate', current.generation, current.created_at)
                    > (best.verbatim, best.generation, best.created_at)))
        RETURNING recordings.recording_id::text, current_revision
        """,
        ([one.recording_id for one in revisions], [one.revision for one in revisions]),
    )
    return {(row["recording_id"], row["current_revision"]) for row in await cursor.fetchall()}
