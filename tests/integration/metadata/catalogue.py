"""Recordings, jobs and transcripts as the services would report them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ai2text.common.contracts import identity
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.contracts.transcription import TranscriptionFailed, TranscriptionRequested, TranscriptionStarted
from ai2text.metadata.news import Report, Transcribed
from ai2text.metadata.persist_reports import PersistReports
from ai2text.metadata.postgres.pool import Database
from tests.fixtures.examples import EVENTS, NOW, REQUESTED, TRANSCRIPT


def _ingested() -> RecordingIngested:
    event = EVENTS["recording.ingested.v1"]
    assert isinstance(event, RecordingIngested)
    return replace(event, replaces_recording_id=None)


INGESTED = _ingested()
STARTED = EVENTS["transcription.started.v1"]
FAILED = EVENTS["transcription.failed.v1"]


async def rows(database: Database, statement: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    async with database.transaction() as connection:
        return await (await connection.execute(statement, parameters)).fetchall()


def asked(name: str, tenant: str = "default", generation: int = 0, **changes: Any) -> TranscriptionRequested:
    """A job for the recording that has this name instead of a hash."""
    recording = identity.recording_id(tenant, name)
    ask = replace(REQUESTED, tenant=tenant, recording_id=recording, generation=generation, **changes)
    job = identity.job_id(recording, ask.model, ask.task, ask.options, generation)
    return replace(ask, job_id=job, outcome_key=identity.outcome_key(tenant, job))


async def ingest(database: Database, job: TranscriptionRequested) -> None:
    sound = replace(INGESTED.media, sound_sha256=job.recording_id.replace("-", "") * 2)
    event = replace(INGESTED, tenant=job.tenant, recording_id=job.recording_id, first_job=job, media=sound)
    await persisted(database, event)


async def start(database: Database, job: TranscriptionRequested) -> None:
    assert isinstance(STARTED, TranscriptionStarted)
    ids: dict[str, Any] = {
        "tenant": job.tenant,
        "recording_id": job.recording_id,
        "job_id": job.job_id,
        "generation": job.generation,
    }
    await persisted(database, replace(STARTED, **ids))


async def fail(database: Database, job: TranscriptionRequested, at: datetime = NOW) -> None:
    assert isinstance(FAILED, TranscriptionFailed)
    reason = Reason(code="decode_failed", detail="The sound is damaged.")
    event = replace(_of(job, FAILED), outcome_key=job.outcome_key, reason=reason, failed_at=at)
    await persisted(database, event)


async def transcribe(
    database: Database,
    job: TranscriptionRequested,
    *texts: str,
    at: datetime = NOW,
    processing_seconds: float = 1,
    language: str = TRANSCRIPT.language,
) -> None:
    """Each text becomes a segment of a second."""
    transcript = replace(
        _of(job, _transcript(*texts)),
        duration_seconds=job.duration_seconds,
        processing_seconds=processing_seconds,
        transcribed_at=at,
        language=language,
    )
    await persisted(database, Transcribed(transcript=transcript, outcome_key=job.outcome_key))


async def persisted(database: Database, *reports: Report) -> None:
    await PersistReports(database, lambda: NOW).persist_reports(reports)


Told = TypeVar("Told", TranscriptionFailed, Transcript)


def _of(job: TranscriptionRequested, report: Told) -> Told:
    return replace(
        report,
        tenant=job.tenant,
        recording_id=job.recording_id,
        job_id=job.job_id,
        generation=job.generation,
    )


def _transcript(*texts: str) -> Transcript:
    (example,) = TRANSCRIPT.segments
    segments = [replace(example, start=n, end=n + 1, text=f" {text}", words=()) for n, text in enumerate(texts)]
    return replace(TRANSCRIPT, text=" ".join(texts), segments=tuple(segments))


def long_ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)
