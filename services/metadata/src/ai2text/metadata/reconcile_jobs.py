"""Unfinished jobs that no queue holds, and no outcome ends, are put into their queue again."""

import asyncio
from dataclasses import dataclass

import structlog

from ai2text.common.errors import ObjectNotFound, Poison
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.persist_reports import PersistReports, read_outcome
from ai2text.metadata.postgres import jobs, outbox
from ai2text.metadata.queues import Queues

log = structlog.get_logger()

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileJobs:
    """The use case with what it needs; jobs younger than the grace, by the database's clock, are let be."""

    persist: PersistReports
    store: ObjectStore
    queues: Queues
    grace_seconds: float

    async def reconcile_jobs(self) -> int:
        """How many were helped on. Raises Unavailable.

        One that ends in this moment may be published once too often: the worker that gets it finds the outcome.
        """
        async with self.persist.database.transaction() as connection:
            unfinished = await jobs.published_before(connection, self.grace_seconds, AT_ONCE)
        held = await self.queues.jobs_held() if unfinished else frozenset()
        lost = {job_id: key for job_id, key in unfinished.items() if job_id not in held}
        for job_id, outcome_key in lost.items():
            await self._help_on(job_id, outcome_key)
        if lost:
            log.warning("lost_jobs_found", jobs=len(lost))
        return len(lost)

    async def _help_on(self, job_id: str, outcome_key: str) -> None:
        """To its end, when that stands already, or into its queue."""
        try:
            report = await asyncio.to_thread(read_outcome, self.store, outcome_key)
        except ObjectNotFound:
            await self._publish_again(job_id)
        except Poison as exc:
            log.error("outcome_unreadable", key=outcome_key, detail=exc.detail)  # noqa: TRY400 - says it all
        else:
            await self.persist.persist_found(report)

    async def _publish_again(self, job_id: str) -> None:
        async with self.persist.database.transaction() as connection:
            request = await jobs.publish_again(connection, job_id, self.grace_seconds)
            if request:
                await outbox.put(connection, request)
