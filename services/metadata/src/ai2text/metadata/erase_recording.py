"""A recording is erased: a tombstone in the bucket first, then no row of it any more, and all who hold something told.

The recording's row is held meanwhile, so nobody reports on it, corrects it or asks for it. Whatever is of an earlier
generation than the tombstone's next life and comes later is late: see `persist_reports`.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.erasure import Tombstone
from ai2text.common.contracts.states import JOB_ENDS, RecordingStatus
from ai2text.common.contracts.transcription import TranscriptionCancelled
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.cancel_job import write_cancellation
from ai2text.metadata.postgres import erasures, jobs, outbox, recordings
from ai2text.metadata.postgres.jobs import KnownJob
from ai2text.metadata.postgres.pool import Connection, Database
from ai2text.metadata.postgres.recordings import HeldRecording
from ai2text.metadata.remains import Remains, left_by_job

log = structlog.get_logger()

AGAIN_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseRecording:
    """The use case with what it needs."""

    database: Database
    store: ObjectStore
    clock: Clock

    async def erase_recording(self, tenant: str, recording_id: str) -> datetime | None:
        """When it was erased, which is earlier for one that has been; None for what there never was. May be repeated.

        A refusal, of which nothing was stored, is taken out of the catalogue and may be told of again. Raises
        Unavailable.
        """
        async with self.database.transaction() as connection:
            held = await recordings.hold_of_tenant(connection, tenant, recording_id)
            known = await erasures.find_erasure(connection, tenant, recording_id)
            if held is None:
                return known.erased_at if known else None
            if held.status == RecordingStatus.REJECTED:
                await erasures.delete_rows(connection, recording_id)
                return self.clock()
            heard_of = await jobs.all_of_recording(connection, recording_id)
            tombstone = Tombstone(
                tenant=tenant,
                recording_id=recording_id,
                next_life=max(_newest(heard_of), known.next_life if known else 0) + 1,
                erased_at=self.clock(),
            )
            await asyncio.to_thread(self.store.put, identity.tombstone_key(tenant, recording_id), encode(tombstone))
            log.debug("tombstone_written", recording_id=recording_id)
            await self._erase(connection, tombstone, held, heard_of)
        log.info("recording_erased", recording_id=recording_id, next_life=tombstone.next_life)
        return tombstone.erased_at

    async def take_in(self, key: str) -> bool:
        """Of a tombstone that stands in the bucket: whether the catalogue did not know it. Raises Unavailable, Poison.

        Whoever wrote it died of it, or the catalogue was lost.
        """
        tombstone = decode(Tombstone, await asyncio.to_thread(self.store.get, key))
        async with self.database.transaction() as connection:
            held = await recordings.hold_of_tenant(connection, tombstone.tenant, tombstone.recording_id)
            known = await erasures.next_lives(connection, [tombstone.recording_id])
            if known.get(tombstone.recording_id, 0) >= tombstone.next_life:
                return False
            heard_of = await jobs.all_of_recording(connection, tombstone.recording_id)
            await self._erase(connection, tombstone, held, heard_of)
        log.info("recording_erased", recording_id=tombstone.recording_id, next_life=tombstone.next_life)
        return True

    async def erase_again(self, grace_seconds: float) -> int:
        """What was under way when it was announced is told once more; of how many recordings. Raises Unavailable."""
        async with self.database.transaction() as connection:
            due = await erasures.take_due(connection, grace_seconds, AGAIN_AT_ONCE)
            for erasure, remains in due:
                await recordings.hold(connection, erasure.recording_id)
                made = await erasures.take_references(connection, erasure.recording_id, erasure.next_life)
                ghost = Remains()
                if _newest(await jobs.all_of_recording(connection, erasure.recording_id)) < erasure.next_life:
                    ghost = await self._delete(connection, erasure.recording_id)
                await erasures.announce(connection, erasure.recording_id, remains + made + ghost)
        return len(due)

    async def _erase(
        self, connection: Connection, tombstone: Tombstone, held: HeldRecording | None, known: Sequence[KnownJob]
    ) -> None:
        """`known` are all jobs of the recording."""
        recording_id = tombstone.recording_id
        erased = [job for job in known if job.generation < tombstone.next_life]
        fenced = await asyncio.to_thread(self._cancel, erased)
        remains = sum((left_by_job(job.tenant, job.job_id, job.outcome_key) for job in erased), start=Remains())
        if len(erased) == len(known):  # else a later life has begun, which the bucket tells of again
            remains += await asyncio.to_thread(self._stored, tombstone, held)
        remains += await erasures.take_references(connection, recording_id, tombstone.next_life)
        remains += await self._delete(connection, recording_id)
        await erasures.save_erasure(connection, tombstone, remains)
        await outbox.put(connection, *fenced)
        standing = {event.outcome_key for event in fenced}
        now = replace(remains, keys=tuple(key for key in remains.keys if key not in standing))
        await erasures.announce(connection, recording_id, now)
        log.debug("erasure_saved", recording_id=recording_id)

    @staticmethod
    async def _delete(connection: Connection, recording_id: str) -> Remains:
        dead_letters = await erasures.dead_letters_of(connection, recording_id)
        await erasures.delete_rows(connection, recording_id)
        return dead_letters

    def _cancel(self, known: Iterable[KnownJob]) -> list[TranscriptionCancelled]:
        """Blocking. Those that have not ended can bring nothing any more: a worker finds this where it would write."""
        unfinished = (job for job in known if job.status not in JOB_ENDS)
        written = (write_cancellation(self.store, job, self.clock()) for job in unfinished)
        return [one for one in written if one is not None]

    def _stored(self, tombstone: Tombstone, held: HeldRecording | None) -> Remains:
        """Blocking. What lies in the bucket beside outcomes and drafts, of this life and all before."""
        tenant = tombstone.tenant
        made = identity.revisions_prefix(tenant), identity.cuts_prefix(tenant)
        prefixes = [f"{prefix}{tombstone.recording_id}" for prefix in made]
        if held is not None and held.sha256 is not None:
            prefixes += [identity.audio_key(tenant, held.sha256), f"{identity.facts_prefix(tenant)}{held.sha256}/"]
        return Remains(keys=tuple(found.key for prefix in prefixes for found in self.store.list(prefix)))


def _newest(known: Iterable[KnownJob]) -> int:
    """Generation of some jobs."""
    return max((job.generation for job in known), default=0)
