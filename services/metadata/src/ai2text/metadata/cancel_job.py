"""A job is called off: its outcome is a cancellation, unless something else stands there already."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts import identity
from ai2text.common.contracts.announcement import cancelled
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.outcome import Cancellation
from ai2text.common.contracts.states import JOB_ENDS
from ai2text.common.contracts.transcription import TranscriptionCancelled
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.news import End
from ai2text.metadata.persist_reports import PersistReports, read_outcome
from ai2text.metadata.postgres import jobs
from ai2text.metadata.postgres.jobs import KnownJob
from ai2text.metadata.reads import Reads

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelJob:
    """The use case with what it needs."""

    reads: Reads
    persist: PersistReports
    store: ObjectStore
    clock: Clock

    async def cancel_job(self, who: Caller, job_id: UUID) -> None:
        """Afterwards the catalogue knows what stands, whoever was first; may be repeated.

        The workers hear of it by the announcement. Raises 404, Unavailable, and Poison for a broken outcome.
        """
        job = await self.reads.find(jobs.find_known, who, job_id, "job")
        if job.status in JOB_ENDS:
            return
        end = await asyncio.to_thread(self._fence, job)
        await self.persist.persist_found(end)
        log.info("job_cancelled_or_ended", job_id=job.job_id, stands=type(end).__name__)

    def _fence(self, job: KnownJob) -> End:
        """Blocking."""
        return write_cancellation(self.store, job, self.clock()) or read_outcome(self.store, key_of(job))


def write_cancellation(store: ObjectStore, job: KnownJob, at: datetime) -> TranscriptionCancelled | None:
    """Blocking. None when another outcome stands already."""
    cancellation = Cancellation(
        tenant=job.tenant,
        recording_id=job.recording_id,
        job_id=job.job_id,
        generation=job.generation,
        cancelled_at=at,
    )
    if not store.put_first(key_of(job), encode(cancellation)):
        return None
    log.debug("cancellation_written", job_id=job.job_id)
    return cancelled(cancellation, key_of(job))


def key_of(job: KnownJob) -> str:
    return job.outcome_key or identity.outcome_key(job.tenant, job.job_id)
