"""A transcription that is asked for over REST: the job that there is for the same ask, or a new one."""

from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

import structlog
from pydantic import ConfigDict, Field

from ai2text.common.ask import UploadSettings, asked_options, checked_language
from ai2text.common.clock import Clock
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.states import Lane, Task
from ai2text.common.contracts.transcription import TranscriptionOptions, TranscriptionRequested
from ai2text.metadata.generations import in_generation, job_id, newest_generation, next_generation
from ai2text.metadata.persist_reports import save_request
from ai2text.metadata.postgres import jobs, outbox, recordings
from ai2text.metadata.postgres.recordings import StoredRecording
from ai2text.metadata.reads import Reads, missing

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedJob:
    """As it was sent; what is left out is as for uploads."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    recording_id: UUID
    model: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")] | None = None
    language: str | None = None
    task: Task = Task.TRANSCRIBE
    options: dict[str, Any] = field(default_factory=dict)
    lane: Lane = Lane.BULK
    rerun: bool = False
    """Whether the same ask is to be done once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedJob:
    job_id: str
    new: bool


class RequestJob:
    """The use case with what it needs."""

    def __init__(self, reads: Reads, settings: UploadSettings, clock: Clock) -> None:
        self._reads = reads
        self._settings = settings
        self._clock = clock

    async def request_job(self, who: Caller, asked: AskedJob) -> RequestedJob:
        """Two who ask the same at once get one job. Raises 404, Refused, CatalogueUnavailable."""
        options = self._options(asked)
        recording = await self._reads.find(recordings.find_stored, who, asked.recording_id, "recording")
        ask = self._ask(who.tenant, recording, asked, options)
        known = await self._reads.look(jobs.job_generations, who, asked.recording_id)
        return await self._request(ask, newest_generation(ask, known or {}), rerun=asked.rerun)

    async def _request(self, ask: TranscriptionRequested, seen: int | None, *, rerun: bool) -> RequestedJob:
        """Whoever asks for the one after the generation that was `seen`, and finds it made, gets that one."""
        async with self._reads.database.transaction() as connection:
            if not await recordings.hold(connection, ask.recording_id):
                raise await missing(connection, ask.tenant, ask.recording_id, "There is no such recording.")
            known = await jobs.job_generations(connection, ask.tenant, ask.recording_id)
            newest = newest_generation(ask, known)
            there = None if newest is None else job_id(ask, newest)
            if there is None or (rerun and newest == seen):
                job = in_generation(ask, next_generation(ask, known), there, ask.requested_at)
                await save_request(connection, job, self._clock)
                requested = RequestedJob(job_id=job.job_id, new=True)
            else:
                requested = RequestedJob(job_id=there, new=False)
                if ask.lane is Lane.INTERACTIVE and (sooner := await jobs.publish_sooner(connection, there)):
                    await outbox.put(connection, sooner)
        log.info("job_requested", recording_id=ask.recording_id, job_id=requested.job_id, new=requested.new)
        return requested

    def _options(self, asked: AskedJob) -> TranscriptionOptions:
        language = {} if asked.language is None else {"language": checked_language(asked.language)}
        return asked_options(self._settings.options, {**asked.options, **language})

    def _ask(
        self, tenant: str, recording: StoredRecording, asked: AskedJob, options: TranscriptionOptions
    ) -> TranscriptionRequested:
        """Of no generation yet."""
        return TranscriptionRequested(
            tenant=tenant,
            recording_id=recording.recording_id,
            job_id="",
            lane=asked.lane,
            audio_key=recording.audio_key,
            sha256=recording.sha256,
            size_bytes=recording.size_bytes,
            duration_seconds=recording.duration_seconds,
            channels=recording.channels,
            model=asked.model or self._settings.model,
            task=asked.task,
            options=options,
            outcome_key="",
            requested_at=self._clock(),
        )
