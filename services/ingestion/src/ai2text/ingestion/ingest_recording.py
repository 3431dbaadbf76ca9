"""A still file becomes a stored, announced recording, or a refusal that says why."""

import asyncio
from dataclasses import replace

import structlog

from ai2text.common import metrics
from ai2text.common.clock import Clock
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import RecordingIngested, Source
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.errors import Refused
from ai2text.common.jetstream import Broker
from ai2text.common.sources import Disposition, Folder
from ai2text.ingestion import recording
from ai2text.ingestion.announce_recording import announce_recording
from ai2text.ingestion.dispose import Dispose
from ai2text.ingestion.ledger import Disposal, Entry, Ledger, Stage
from ai2text.ingestion.names import to_path
from ai2text.ingestion.recording import Ask, Signature
from ai2text.ingestion.sidecars import Sidecars
from ai2text.ingestion.stable_file import opened
from ai2text.ingestion.store_recording import Stored, StoreRecording

log = structlog.get_logger()

UNREADABLE = "unreadable"
DISPOSALS = {
    Disposition.KEEP: Disposal.NONE,
    Disposition.MOVE: Disposal.MOVE,
    Disposition.DELETE: Disposal.DELETE,
}


class IngestRecording:
    """The use case with what it needs; one object serves all files of a folder."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a recording passes on its way
        self,
        folder: Folder,
        storing: StoreRecording,
        broker: Broker,
        ledger: Ledger,
        sidecars: Sidecars,
        dispose: Dispose,
        places: asyncio.Semaphore,
        clock: Clock,
    ) -> None:
        """`places` are those of recordings that may be stored at the same time, in all folders."""
        self._folder = folder
        self._root = folder.path.resolve()
        self._ask = ask_of(folder)
        self._storing = storing
        self._broker = broker
        self._ledger = ledger
        self._sidecars = sidecars
        self._dispose = dispose
        self._places = places
        self._clock = clock

    async def ingest_recording(self, name: str, signature: Signature) -> TranscriptionRequested | None:
        """The job, if its outcome may stand already because the tenant had these bytes before.

        Every step may be repeated. Raises ObjectChanged when the file is not still, Unavailable to try later.
        """
        ask = recording.tagged(self._ask, name) if self._folder.tags_from_folders else self._ask
        source = recording.source_of(ask, "hot_folder", name, signature.modified_at)
        known = self._ledger.get(name)
        former = _former(known)
        if known is not None and known.signature == signature and known.stage is Stage.STORED:
            await self.announce_again(known)
            return None
        try:
            async with self._places:
                stored = await asyncio.to_thread(self._store_file, ask, source, signature, former)
        except Refused as exc:
            await self._reject(source, signature, Reason(code=exc.code, detail=exc.detail), former)
            return None
        facts = recording.replacing(stored.facts, former, self._clock())
        known = await asyncio.to_thread(self._cleared, known, facts)
        entry = self._entry(name, signature, facts, known)
        self._ledger.put(entry)
        log.debug("recording_stored", name=name, recording_id=facts.recording_id, bytes=facts.size_bytes)
        await self._announce(entry, facts)
        return None if stored.new else facts.first_job

    async def announce_again(self, entry: Entry) -> None:
        """After a crash between storing and announcing."""
        facts = await asyncio.to_thread(self._storing.facts_left, str(entry.facts_key))
        if facts is not None:
            await self._announce(entry, recording.replacing(facts, entry.replaces, self._clock()))

    async def _announce(self, entry: Entry, facts: RecordingIngested) -> None:
        await announce_recording(self._broker, facts, facts.first_job)
        self._ledger.announced(entry)
        log.info("transcription_requested", name=entry.name, recording_id=facts.recording_id)
        await asyncio.to_thread(self._sidecars.remove_reason, entry.name, entry.written)
        await asyncio.to_thread(self._dispose.dispose, replace(entry, stage=Stage.ANNOUNCED))

    def _store_file(self, ask: Ask, source: Source, signature: Signature, former: str | None) -> Stored:
        try:
            with opened(self._root / to_path(source.name), signature) as file:
                return self._storing.store_recording(ask, source, file, signature.size_bytes, former)
        except OSError as exc:
            raise Refused(UNREADABLE, f"The file cannot be read: {exc.strerror}.") from exc

    def _cleared(self, known: Entry | None, facts: RecordingIngested | None) -> Entry | None:
        """What is known of this very recording, or of none: what stands beside another one goes when that one goes."""
        if known is None or known.recording_id is None:
            return known
        if facts and (known.recording_id, known.life) == (facts.recording_id, facts.first_job.generation):
            return known
        with self._dispose.lock:
            self._sidecars.erase(known.name, known.written, known.intended)
        return None

    def _entry(self, name: str, signature: Signature, facts: RecordingIngested, known: Entry | None) -> Entry:
        return Entry(
            name=name,
            signature=signature,
            stage=Stage.STORED,
            recording_id=facts.recording_id,
            job_id=facts.first_job.job_id,
            outcome_key=facts.first_job.outcome_key,
            facts_key=facts.facts_key,
            written=known.written if known else {},
            intended=known.intended if known else (),
            replaces=facts.replaces_recording_id,
            disposal=DISPOSALS[self._folder.disposition],
            life=facts.first_job.generation,
            revision=known.revision if known else 0,
        )

    async def _reject(self, source: Source, signature: Signature, reason: Reason, former: str | None) -> None:
        """What cannot be read stays where it is, for its permissions may change."""
        await asyncio.to_thread(self._cleared, self._ledger.get(source.name), None)
        await self._broker.publish(recording.rejected(self._ask, source, signature, reason, self._clock()))
        log.debug("rejection_announced", name=source.name)
        if self._folder.disposition is Disposition.MOVE and reason.code != UNREADABLE:
            await asyncio.to_thread(self._dispose.reject, source.name, signature, reason)
            self._ledger.forget(source.name)
        else:
            written = await asyncio.to_thread(self._sidecars.write_reason, source.name, reason)
            stage = Stage.UNREADABLE if reason.code == UNREADABLE else Stage.REFUSED
            self._ledger.put(
                Entry(name=source.name, signature=signature, stage=stage, written=written, replaces=former)
            )
        metrics.RECORDINGS_REJECTED.labels(reason.code).inc()
        log.warning("recording_rejected", name=source.name, code=reason.code, detail=reason.detail)


def ask_of(folder: Folder) -> Ask:
    language = folder.language or folder.options.language
    return Ask(
        tenant=folder.tenant,
        place=folder.name,
        model=folder.model,
        lane=folder.lane,
        options=replace(folder.options, language=language),
        tags=folder.tags,
    )


def _former(known: Entry | None) -> str | None:
    """The recording that the path held before. What we moved or deleted ourselves was not replaced."""
    if known is None or known.disposal is Disposal.FINISHED:
        return None
    return known.recording_id or known.replaces
