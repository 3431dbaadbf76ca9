"""An object of a watched bucket becomes a stored, announced recording, or a refusal that says why."""

import asyncio
from dataclasses import replace

import structlog

from ai2text.common import metrics
from ai2text.common.bucket_settings import Bucket
from ai2text.common.clock import Clock
from ai2text.common.contracts import identity
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected, Source
from ai2text.common.errors import ObjectChanged, Refused
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore, StoredObject
from ai2text.common.sources import Disposition
from ai2text.ingestion import recording
from ai2text.ingestion.announce_recording import announce_recording
from ai2text.ingestion.bucket_ledger import BucketLedger, ObjectEntry
from ai2text.ingestion.bucket_objects import ask_of, staged_key, tagged
from ai2text.ingestion.dispose_object import DisposeObject
from ai2text.ingestion.ledger import Stage
from ai2text.ingestion.object_sidecars import ObjectSidecars
from ai2text.ingestion.recording import Ask
from ai2text.ingestion.stage_object import StageObject
from ai2text.ingestion.store_recording import StoreRecording
from ai2text.ingestion.store_staged import StoreStaged

log = structlog.get_logger()


class IngestObject:
    """The use case with what it needs; one object serves all objects of a bucket."""

    def __init__(  # noqa: PLR0913, PLR0917 - wired in one place
        self,
        bucket: Bucket,
        store: ObjectStore,
        staging: StageObject,
        storing: StoreRecording,
        broker: Broker,
        ledger: BucketLedger,
        sidecars: ObjectSidecars,
        dispose: DisposeObject,
        clock: Clock,
    ) -> None:
        self._bucket = bucket
        self._ask = ask_of(bucket)
        self._store = store
        self._staging = staging
        self._storing = storing
        self._broker = broker
        self._ledger = ledger
        self._sidecars = sidecars
        self._dispose = dispose
        self._clock = clock

    async def ingest_object(self, seen: StoredObject) -> None:
        """Every step may be repeated. Raises ObjectChanged, ObjectNotFound: look again; Unavailable to try later."""
        ask = tagged(self._bucket, self._ask, seen.key)
        source = recording.source_of(ask, "bucket", seen.key, seen.modified_at)
        try:
            former = self._former(self._ledger.get(seen.key))
            stored = await asyncio.to_thread(self._store_object, ask, source, seen, former)
            facts = recording.replacing(stored, former, self._clock())
        except Refused as exc:
            await self._reject(source, seen, Reason(code=exc.code, detail=exc.detail))
            return
        place = await asyncio.to_thread(self._dispose.place_of, seen)
        known = await asyncio.to_thread(self._cleared, seen.key, facts, place)
        entry = _entry(seen, facts, known, place)
        if known and known.stage is Stage.REFUSED:
            await asyncio.to_thread(self._sidecars.remove_reason, seen.key, known.written)
        self._ledger.put(entry)
        log.debug("object_stored", key=seen.key, recording_id=facts.recording_id, bytes=facts.size_bytes)
        await self._announce(entry, facts)
        await asyncio.to_thread(self._dispose.dispose_object, seen)

    async def announce_again(self, entry: ObjectEntry) -> None:
        """After a crash between storing and announcing."""
        facts = await asyncio.to_thread(self._storing.facts_left, str(entry.facts_key))
        if facts is not None:
            await self._announce(entry, facts)

    async def go_on(self, entry: ObjectEntry, seen: StoredObject) -> None:
        """After a crash anywhere, with an object that is known and stands there still."""
        if entry.stage is Stage.STORED:
            await self.announce_again(entry)
        if entry.stage is not Stage.REFUSED:
            await asyncio.to_thread(self._dispose.dispose_object, seen)

    async def _announce(self, entry: ObjectEntry, facts: RecordingIngested) -> None:
        await announce_recording(self._broker, facts, facts.first_job)
        self._ledger.announced(entry)
        log.info("object_announced", key=entry.key, recording_id=facts.recording_id)

    def _store_object(self, ask: Ask, source: Source, seen: StoredObject, former: str | None) -> RecordingIngested:
        self._storing.check_size(seen.size_bytes)
        key = staged_key(self._bucket, seen)
        staged = self._staging.stage_object(seen, key)
        try:
            storing = StoreStaged(self._storing, self._store)
            stored = storing.store_staged(ask, source, [staged.object], staged.sha256, former)
        except Refused as exc:
            self._store.erase(key)
            if exc.code == "checksum_mismatch":
                raise ObjectChanged(f"{seen.key} did not arrive as it was read.") from exc
            raise
        self._store.erase(key)
        return stored.facts

    def _former(self, known: ObjectEntry | None) -> str | None:
        """The recording that the key held before. What we moved or deleted ourselves was not replaced."""
        return known.recording_id if known and self._bucket.disposition is Disposition.KEEP else None

    def _cleared(
        self, key: str, facts: RecordingIngested | None = None, place: str | None = None
    ) -> ObjectEntry | None:
        """What is known of this very recording, or of none, under the key.

        Another one that was moved away is known by the key where it lies, and what stands beside one that was
        overwritten goes, for nobody would find it later.
        """
        with self._sidecars.lock:
            known = self._ledger.get(key)
            if known is None or known.recording_id is None:
                return known
            same = facts and (known.recording_id, known.life) == (facts.recording_id, facts.first_job.generation)
            if same and known.placed == place:
                return known
            if known.placed is None:
                self._sidecars.erase(key, known.written, known.intended)
            else:
                self._ledger.put(replace(known, key=known.placed, origin=key))
        return None

    async def _reject(self, source: Source, seen: StoredObject, reason: Reason) -> None:
        known = await asyncio.to_thread(self._cleared, seen.key)
        written = await asyncio.to_thread(self._sidecars.write_reason, seen.key, reason, known.written if known else {})
        rejected = RecordingRejected(
            tenant=self._bucket.tenant,
            rejection_id=identity.rejection_id(self._bucket.tenant, source.source_id, seen.etag),
            source=source,
            reason=reason,
            size_bytes=seen.size_bytes,
            rejected_at=self._clock(),
        )
        await self._broker.publish(rejected)
        entry = ObjectEntry(key=seen.key, etag=seen.etag, stage=Stage.REFUSED)
        self._ledger.put(replace(entry, written={**(known.written if known else {}), **written}))
        metrics.RECORDINGS_REJECTED.labels(reason.code).inc()
        log.warning("object_rejected", key=seen.key, code=reason.code, detail=reason.detail)


def _entry(seen: StoredObject, facts: RecordingIngested, known: ObjectEntry | None, place: str | None) -> ObjectEntry:
    return ObjectEntry(
        key=seen.key,
        etag=seen.etag,
        stage=Stage.STORED,
        recording_id=facts.recording_id,
        job_id=facts.first_job.job_id,
        outcome_key=facts.first_job.outcome_key,
        facts_key=facts.facts_key,
        placed=place,
        written=known.written if known else {},
        life=facts.first_job.generation,
        revision=known.revision if known else 0,
        intended=known.intended if known else (),
    )
