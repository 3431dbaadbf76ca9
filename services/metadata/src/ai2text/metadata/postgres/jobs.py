"""Rows of jobs. Every statement may be repeated; a state never goes backwards, and the first end stays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from psycopg.rows import DictRow
from pydantic import TypeAdapter

from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.states import JobStatus
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.metadata.news import JobNews
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.staging import stage

COLUMNS = (
    "job_id, recording_id, tenant, generation, replaces, lane, model, task, options, outcome_key, duration_seconds, "
    "processing_seconds, status, worker, attempts, error_code, error_detail, requested_at, started_at, finished_at"
)
MERGE = f"""
    INSERT INTO jobs AS known ({COLUMNS}) SELECT {COLUMNS} FROM staged_jobs ORDER BY job_id
    ON CONFLICT (job_id) DO UPDATE SET
        replaces = coalesce(excluded.replaces, known.replaces),
        lane = greatest(excluded.lane, known.lane), -- asked for on both it is interactive
        model = coalesce(excluded.model, known.model),
        task = coalesce(excluded.task, known.task),
        options = coalesce(excluded.options, known.options),
        outcome_key = coalesce(known.outcome_key, excluded.outcome_key),
        duration_seconds = coalesce(known.duration_seconds, excluded.duration_seconds),
        worker = coalesce(excluded.worker, known.worker),
        attempts = greatest(known.attempts, excluded.attempts),
        requested_at = least(known.requested_at, excluded.requested_at),
        started_at = coalesce(known.started_at, excluded.started_at),
        status = CASE WHEN job_rank(known.status) < job_rank(excluded.status)
            THEN excluded.status ELSE known.status END,
        processing_seconds = CASE WHEN job_rank(known.status) < 2
            THEN excluded.processing_seconds ELSE known.processing_seconds END,
        error_code = CASE WHEN job_rank(known.status) < 2 THEN excluded.error_code ELSE known.error_code END,
        error_detail = CASE WHEN job_rank(known.status) < 2 THEN excluded.error_detail ELSE known.error_detail END,
        finished_at = CASE WHEN job_rank(known.status) < 2 THEN excluded.finished_at ELSE known.finished_at END
"""  # noqa: S608 - constants
REQUEST = """
    jobs.tenant, jobs.recording_id::text, job_id::text, generation, publication, replaces::text, lane,
    r.audio_key, r.sha256, r.size_bytes, r.duration_seconds, model, task, options, outcome_key, requested_at
"""
_requests = TypeAdapter(TranscriptionRequested)


async def save_jobs(connection: Connection, jobs: Iterable[JobNews]) -> None:
    """In the order of their ids; the caller holds their recordings' rows."""
    await stage(connection, "jobs", COLUMNS, map(_row, jobs))
    await connection.execute(MERGE)


def _row(job: JobNews) -> Sequence[object]:
    asked = job.asked
    return (
        job.job_id,
        job.recording_id,
        job.tenant,
        job.generation,
        asked.replaces if asked else None,
        asked.lane if asked else None,
        asked.model if asked else None,
        job.task,
        encode(asked.options).decode() if asked else None,
        job.outcome_key,
        job.duration_seconds,
        job.processing_seconds,
        job.status,
        job.worker,
        job.attempts,
        job.error.code if job.error else None,
        job.error.detail if job.error else None,
        asked.requested_at if asked else None,
        job.started_at,
        job.finished_at,
    )


async def job_generations(connection: Connection, tenant: str, recording_id: str) -> dict[str, int]:
    """All jobs of a recording, whatever was asked, each with its generation."""
    cursor = await connection.execute(
        "SELECT job_id::text, generation FROM jobs WHERE tenant = %s AND recording_id = %s", (tenant, recording_id)
    )
    return {row["job_id"]: row["generation"] for row in await cursor.fetchall()}


async def known_job(connection: Connection, job_id: str) -> str | None:
    """The id itself, if there is such a job."""
    cursor = await connection.execute("SELECT job_id::text FROM jobs WHERE job_id = %s", (job_id,))
    row = await cursor.fetchone()
    return row["job_id"] if row else None


async def unknown_asks(connection: Connection, asks: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of pairs of source and job those that the catalogue has not heard of together."""
    cursor = await connection.execute(
        """
        SELECT ask.source_id::text, ask.job_id::text
        FROM unnest(%s::uuid[], %s::uuid[]) AS ask (source_id, job_id)
        WHERE NOT EXISTS (
            SELECT FROM jobs JOIN sources USING (recording_id)
            WHERE jobs.job_id = ask.job_id AND sources.source_id = ask.source_id AND jobs.lane IS NOT NULL)
        """,
        ([source_id for source_id, _ in asks], [job_id for _, job_id in asks]),
    )
    return [(row["source_id"], row["job_id"]) for row in await cursor.fetchall()]


async def without_end(connection: Connection, job_ids: Sequence[str]) -> list[str]:
    """Those that have not ended, as far as the catalogue knows."""
    cursor = await connection.execute(
        """
        SELECT asked.job_id::text FROM unnest(%s::uuid[]) AS asked (job_id)
        WHERE NOT EXISTS (SELECT FROM jobs WHERE jobs.job_id = asked.job_id AND job_rank(status) = 2)
        """,
        (list(job_ids),),
    )
    return [row["job_id"] for row in await cursor.fetchall()]


async def published_before(connection: Connection, grace_seconds: float, most: int) -> dict[str, str]:
    """Unfinished jobs that were put into their queue longer ago, the oldest first, each with its outcome's key."""
    cursor = await connection.execute(
        """
        SELECT job_id::text, outcome_key FROM jobs
        WHERE status IN ('queued', 'running') AND outcome_key IS NOT NULL
            AND published_at < now() - make_interval(secs => %s)
        ORDER BY published_at LIMIT %s
        """,
        (grace_seconds, most),
    )
    return {row["job_id"]: row["outcome_key"] for row in await cursor.fetchall()}


async def publish_again(connection: Connection, job_id: str, grace_seconds: float) -> TranscriptionRequested | None:
    """The request with its next publication number; None when another replica was faster, or the job has ended."""
    cursor = await connection.execute(
        f"""
        UPDATE jobs SET publication = publication + 1, published_at = now()
        FROM recordings r
        WHERE job_id = %s AND r.recording_id = jobs.recording_id AND jobs.status IN ('queued', 'running')
            AND published_at < now() - make_interval(secs => %s) AND lane IS NOT NULL AND r.audio_key IS NOT NULL
        RETURNING {REQUEST}
        """,  # noqa: S608 - a constant of this module
        (job_id, grace_seconds),
    )
    row = await cursor.fetchone()
    return _requests.validate_python(row) if row else None


async def publish_sooner(connection: Connection, job_id: str) -> TranscriptionRequested | None:
    """A job that waits on the bulk lane, as a request on the interactive one; None for any other."""
    cursor = await connection.execute(
        f"""
        UPDATE jobs SET lane = 'interactive', publication = publication + 1, published_at = now()
        FROM recordings r
        WHERE job_id = %s AND r.recording_id = jobs.recording_id AND jobs.status = 'queued' AND lane = 'bulk'
            AND r.audio_key IS NOT NULL
        RETURNING {REQUEST}
        """,  # noqa: S608 - a constant of this module
        (job_id,),
    )
    row = await cursor.fetchone()
    return _requests.validate_python(row) if row else None


async def has_ended(connection: Connection, job_id: str) -> bool:
    return not await without_end(connection, [job_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownJob:
    """Whose job it is, and how far it has come."""

    tenant: str
    recording_id: str
    job_id: str
    generation: int
    status: JobStatus
    outcome_key: str | None
    """None while nothing is known of it but that it was started."""


KNOWN = "SELECT tenant, recording_id::text, job_id::text, generation, status, outcome_key FROM jobs"


async def find_known(connection: Connection, tenant: str, job_id: str) -> KnownJob | None:
    cursor = await connection.execute(f"{KNOWN} WHERE tenant = %s AND job_id = %s", (tenant, job_id))
    row = await cursor.fetchone()
    return _known(row) if row else None


async def all_of_recording(connection: Connection, recording_id: str) -> list[KnownJob]:
    cursor = await connection.execute(f"{KNOWN} WHERE recording_id = %s ORDER BY job_id", (recording_id,))
    return [_known(row) for row in await cursor.fetchall()]


def _known(row: DictRow) -> KnownJob:
    return KnownJob(**{**row, "status": JobStatus(row["status"])})
