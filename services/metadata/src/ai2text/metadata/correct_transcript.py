"""A person's change of a transcript becomes a revision: first an object in the bucket, then rows, then an announcement.

The recording's row is held meanwhile, so changes come one after the other. Objects that stand in the bucket without a
row, of somebody who died of it or from before the catalogue was lost, are taken in first: no change is made upon less
than people have done.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import structlog
from fastapi import HTTPException

from ai2text.common.clock import Clock
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.revisions import Change, HumanRevision, RevisedSegment, TranscriptCorrected
from ai2text.common.errors import Unavailable
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.postgres import outbox, recordings, revisions
from ai2text.metadata.postgres.deliveries import save_deliveries
from ai2text.metadata.postgres.pool import Connection, Database
from ai2text.metadata.postgres.revisions import Present, Standing
from ai2text.metadata.reads import missing
from ai2text.metadata.transcript_edit import Changes, difference

log = structlog.get_logger()

ANY = "*"
NO_TRANSCRIPT = "There is no transcript of such a recording (yet)."


class Stale(Exception):
    """A segment, or the transcript, is no longer what the caller has seen."""

    def __init__(self, revision: int, segment: Standing | None) -> None:
        super().__init__(f"It is revision {revision} by now.")
        self.revision = revision
        self.segment = segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A transcript as it is now, with its segments in order: all of them, or the one that is changed and the next."""

    present: Present
    standing: list[Standing]

    def check(self, etags: Collection[str]) -> None:
        """Of the whole transcript. Raises Stale."""
        if f"{self.present.revision}" not in etags and ANY not in etags:
            raise Stale(self.present.revision, None)

    def segment(self, segment_id: str, etags: Collection[str]) -> RevisedSegment:
        """Raises 404, Stale."""
        found = next((one for one in self.standing if one.segment.id == segment_id), None)
        if found is None:
            raise HTTPException(404, "There is no such segment (any more).")
        if found.etag not in etags and ANY not in etags:
            raise Stale(self.present.revision, found)
        return found.segment

    def following(self, segment: RevisedSegment) -> RevisedSegment | None:
        return next((one.segment for one in self.standing if one.segment.place > segment.place), None)

    @property
    def segments(self) -> list[RevisedSegment]:
        return [one.segment for one in self.standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """`segments` are those that were named, as they are now."""

    revision: int
    segments: tuple[RevisedSegment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to become of it, once it was seen as it stands."""

    change: Change
    changes: Changes
    base: int
    base_job_id: str
    reverted_to: int | None = None

    @property
    def is_nothing(self) -> bool:
        return not (self.changes.changed or self.changes.removed or self.reverted_to)


Decide = Callable[[Connection, Present], Awaitable[Wanted]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectTranscript:
    """The use case with what it needs."""

    database: Database
    store: ObjectStore
    clock: Clock

    async def correct(
        self,
        who: Caller,
        recording_id: str,
        change: Change,
        changes_of: Callable[[Seen], Changes],
        *,
        only: str | None = None,
        only_look: bool = False,
    ) -> Corrected:
        """What stands afterwards; nothing becomes a revision that changes nothing, or is only looked at.

        `only` is the segment that `changes_of` wants to see, with the next. Raises 404, Unavailable, and what
        `changes_of` raises: Stale, Refused.
        """
        asked = Changes()

        async def decide(connection: Connection, present: Present) -> Wanted:
            nonlocal asked
            standing = await revisions.segments_at(connection, recording_id, present.base, present.revision, only)
            seen = Seen(present=present, standing=standing)
            asked = await asyncio.to_thread(changes_of, seen)
            changes = Changes() if only_look else _real(asked, seen)
            return Wanted(change=change, changes=changes, base=present.base, base_job_id=present.base_job_id)

        revision = await self._revise(who, recording_id, decide)
        return Corrected(revision=revision, segments=asked.changed)

    async def revert(self, who: Caller, recording_id: str, revision: int) -> Corrected:
        """To any earlier revision, also a machine's that nobody sees. Raises 404, Unavailable."""

        async def decide(connection: Connection, _: Present) -> Wanted:
            found = await revisions.find_base(connection, recording_id, revision)
            if found is None:
                raise HTTPException(404, f"There is no revision {revision}.")
            base, job_id = found
            wanted = await revisions.segments_at(connection, recording_id, base, revision)
            newest = await revisions.newest_segments(connection, recording_id, base)
            changes = difference([one.segment for one in newest], [one.segment for one in wanted])
            return Wanted(change=Change.REVERT, changes=changes, base=base, base_job_id=job_id, reverted_to=revision)

        return Corrected(revision=await self._revise(who, recording_id, decide))

    async def take_in(self, key: str) -> bool:
        """Of a revision that stands in the bucket: whether the catalogue did not know it. Raises Unavailable, Poison.

        One whose machine's transcript is not known yet is left for later.
        """
        found = decode(HumanRevision, await asyncio.to_thread(self.store.get, key))
        async with self.database.transaction() as connection:
            await recordings.hold(connection, found.recording_id)
            return await self._save(connection, found, key)

    async def _revise(self, who: Caller, recording_id: str, decide: Decide) -> int:
        """The number of the revision that stands."""
        while True:
            async with self.database.transaction() as connection:
                await recordings.hold(connection, recording_id)
                present = await revisions.find_present(connection, who.tenant, recording_id)
                if present is None:
                    raise await missing(connection, who.tenant, recording_id, NO_TRANSCRIPT)
                key = identity.revision_key(who.tenant, recording_id, present.newest + 1, present.life)
                if await self._catch_up(connection, key, present.newest_key):
                    continue
                wanted = await decide(connection, present)
                if wanted.is_nothing:
                    return present.revision
                asked = self._revision(who, present, wanted)
                stands = await asyncio.to_thread(self._write_first, key, asked)
                await self._save(connection, stands, key)
                log.debug("revision_saved", recording_id=recording_id, revision=stands.revision)
            if stands is asked:
                log.info("transcript_corrected", recording_id=recording_id, revision=asked.revision, by=who.subject)
                return asked.revision

    async def _catch_up(self, connection: Connection, key: str, newest_key: str | None) -> bool:
        """Whether there were revisions beyond the newest that is known; their numbers may be below that of `key`.

        A machine's transcript may have their numbers here. Raises Unavailable while the one on which they stand is
        missing.
        """
        folder = key[: key.rindex("/") + 1]
        listed = await asyncio.to_thread(lambda: list(self.store.written(folder, newest_key)))
        keys = [found.key for found in listed]
        unknown = sorted(await revisions.unknown_revisions(connection, keys)) if keys else []
        for one in unknown:
            found = decode(HumanRevision, await asyncio.to_thread(self.store.get, one))
            if not await self._save(connection, found, one):
                raise Unavailable(f"{one} cannot be taken in yet.")
        return bool(unknown)

    def _revision(self, who: Caller, present: Present, wanted: Wanted) -> HumanRevision:
        return HumanRevision(
            tenant=who.tenant,
            recording_id=present.recording_id,
            revision=present.newest + 1,
            parent=present.revision,
            base_job_id=wanted.base_job_id,
            author=who.subject,
            change=wanted.change,
            reverted_to=wanted.reverted_to,
            changed=wanted.changes.changed,
            removed=wanted.changes.removed,
            created_at=self.clock(),
        )

    def _write_first(self, key: str, asked: HumanRevision) -> HumanRevision:
        """Blocking. What stands."""
        if self.store.put_first(key, encode(asked)):
            log.debug("revision_written", revision=asked.revision)
            return asked
        return decode(HumanRevision, self.store.get(key))

    async def _save(self, connection: Connection, revision: HumanRevision, key: str) -> bool:
        base = await revisions.find_base_of_job(connection, revision.recording_id, revision.base_job_id)
        if base is None:
            log.warning("revision_waits_for_its_base", key=key)
            return False
        number = await revisions.save_revision(connection, revision, base, key)
        if number is None:
            return False
        told = TranscriptCorrected(
            tenant=revision.tenant,
            recording_id=revision.recording_id,
            revision=number,
            revision_key=key,
            corrected_at=revision.created_at,
        )
        await outbox.put(connection, told)
        await save_deliveries(connection, [told])
        return True


def _real(asked: Changes, seen: Seen) -> Changes:
    """Without what is so already."""
    known = {one.segment.id: one.segment for one in seen.standing}
    return Changes(changed=tuple(one for one in asked.changed if known.get(one.id) != one), removed=asked.removed)
