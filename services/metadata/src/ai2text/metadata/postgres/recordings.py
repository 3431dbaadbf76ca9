"""Rows of recordings, sources and jobs. Every statement may be repeated, and states never go backwards."""

from dataclasses import asdict
from datetime import datetime

from psycopg.types.json import Jsonb

from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected, Source
from ai2text.common.contracts.states import JobStatus
from ai2text.common.contracts.transcription import (
    RecordingTranscribed,
    TranscriptionFailed,
    TranscriptionRequested,
    TranscriptionStarted,
)
from ai2text.metadata.postgres.pool import Connection


async def know_recording(connection: Connection, tenant: str, recording_id: str, heard_at: datetime) -> None:
    """A row for a recording that is first heard of by a later event, and its lock in any case."""
    await connection.execute(
        """
        INSERT INTO recordings (recording_id, tenant, created_at) VALUES (%s, %s, %s)
        ON CONFLICT (recording_id) DO UPDATE SET tenant = recordings.tenant
        """,
        (recording_id, tenant, heard_at),
    )


async def save_recording(connection: Connection, event: RecordingIngested) -> None:
    media = event.media
    await connection.execute(
        """
        INSERT INTO recordings AS known (
            recording_id, tenant, sha256, size_bytes, audio_key, container, codec, duration_seconds,
            sample_rate_hz, channels, media_tags, tags, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (recording_id) DO UPDATE SET
            sha256 = excluded.sha256, size_bytes = excluded.size_bytes, audio_key = excluded.audio_key,
            container = excluded.container, codec = excluded.codec, duration_seconds = excluded.duration_seconds,
            sample_rate_hz = excluded.sample_rate_hz, channels = excluded.channels, media_tags = excluded.media_tags,
            tags = ARRAY(SELECT DISTINCT unnest(known.tags || excluded.tags) ORDER BY 1),
            created_at = least(known.created_at, excluded.created_at)
        """,
        (
            event.recording_id,
            event.tenant,
            event.sha256,
            event.size_bytes,
            event.audio_key,
            media.container,
            media.codec,
            media.duration_seconds,
            media.sample_rate_hz,
            media.channels,
            Jsonb(media.tags),
            sorted(event.tags),
            event.ingested_at,
        ),
    )
    await _save_source(connection, event.tenant, event.recording_id, event.source)


async def save_rejection(connection: Connection, event: RecordingRejected) -> None:
    await connection.execute(
        """
        INSERT INTO recordings (
            recording_id, tenant, sha256, size_bytes, status, reason_code, reason_detail, created_at)
        VALUES (%s, %s, %s, %s, 'rejected', %s, %s, %s)
        ON CONFLICT (recording_id) DO NOTHING
        """,
        (
            event.rejection_id,
            event.tenant,
            event.sha256,
            event.size_bytes,
            event.reason.code,
            event.reason.detail,
            event.rejected_at,
        ),
    )
    await _save_source(connection, event.tenant, event.rejection_id, event.source)


async def _save_source(connection: Connection, tenant: str, recording_id: str, source: Source) -> None:
    await connection.execute(
        """
        INSERT INTO sources (recording_id, source_id, tenant, kind, place, name, modified_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (recording_id, source_id) DO UPDATE SET modified_at = excluded.modified_at
        """,
        (recording_id, source.source_id, tenant, source.kind, source.place, source.name, source.modified_at),
    )


async def save_job(connection: Connection, job: TranscriptionRequested) -> None:
    """What was asked; a job already heard of by its outcome only gets its particulars."""
    await connection.execute(
        """
        INSERT INTO jobs (job_id, recording_id, tenant, generation, replaces, lane, model, task, options,
            outcome_key, duration_seconds, status, requested_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'queued', %s)
        ON CONFLICT (job_id) DO UPDATE SET
            replaces = excluded.replaces, lane = excluded.lane, model = excluded.model, task = excluded.task,
            options = excluded.options, outcome_key = excluded.outcome_key,
            duration_seconds = excluded.duration_seconds,
            requested_at = least(jobs.requested_at, excluded.requested_at)
        """,
        (
            job.job_id,
            job.recording_id,
            job.tenant,
            job.generation,
            job.replaces,
            job.lane,
            job.model,
            job.task,
            Jsonb(asdict(job.options)),
            job.outcome_key,
            job.duration_seconds,
            job.requested_at,
        ),
    )


async def start_job(connection: Connection, event: TranscriptionStarted) -> None:
    await connection.execute(
        """
        INSERT INTO jobs AS known (job_id, recording_id, tenant, generation, status, worker, attempts, started_at)
        VALUES (%s, %s, %s, %s, 'running', %s, %s, %s)
        ON CONFLICT (job_id) DO UPDATE SET
            status = CASE WHEN job_rank(known.status) < 1 THEN 'running' ELSE known.status END,
            worker = excluded.worker,
            attempts = greatest(known.attempts, excluded.attempts),
            started_at = coalesce(known.started_at, excluded.started_at)
        """,
        (
            event.job_id,
            event.recording_id,
            event.tenant,
            event.generation,
            event.worker,
            event.attempt,
            event.started_at,
        ),
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


async def complete_job(connection: Connection, event: RecordingTranscribed, processing_seconds: float) -> None:
    await _end_job(connection, event, JobStatus.COMPLETED, None, event.transcribed_at)
    await connection.execute(
        """
        UPDATE jobs SET duration_seconds = coalesce(duration_seconds, %s), processing_seconds = %s
        WHERE job_id = %s AND status = 'completed'
        """,
        (event.duration_seconds, processing_seconds, event.job_id),
    )


async def fail_job(connection: Connection, event: TranscriptionFailed) -> None:
    await _end_job(connection, event, JobStatus.FAILED, event.reason, event.failed_at)


async def _end_job(
    connection: Connection,
    event: RecordingTranscribed | TranscriptionFailed,
    status: JobStatus,
    reason: Reason | None,
    finished_at: datetime,
) -> None:
    """The first end state stays."""
    await connection.execute(
        """
        INSERT INTO jobs AS known (job_id, recording_id, tenant, generation, outcome_key, status,
            error_code, error_detail, finished_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (job_id) DO UPDATE SET
            status = excluded.status, generation = excluded.generation, outcome_key = excluded.outcome_key,
            error_code = excluded.error_code, error_detail = excluded.error_detail,
            finished_at = excluded.finished_at
        WHERE job_rank(known.status) < 2
        """,
        (
            event.job_id,
            event.recording_id,
            event.tenant,
            event.generation,
            event.outcome_key,
            status,
            reason.code if reason else None,
            reason.detail if reason else None,
            finished_at,
        ),
    )


async def follow_newest_job(connection: Connection, recording_id: str) -> None:
    """Until a current transcript exists a recording follows its newest job; then it stays transcribed."""
    await connection.execute(
        """
        UPDATE recordings SET status = CASE
            WHEN current_revision IS NOT NULL THEN 'transcribed'
            ELSE coalesce(
                (SELECT CASE jobs.status WHEN 'running' THEN 'transcribing'
                                         WHEN 'completed' THEN 'transcribing' ELSE jobs.status END
                 FROM jobs WHERE jobs.recording_id = recordings.recording_id
                 ORDER BY generation DESC, requested_at DESC NULLS LAST LIMIT 1), status) END
        WHERE recording_id = %s AND status <> 'rejected'
        """,
        (recording_id,),
    )
