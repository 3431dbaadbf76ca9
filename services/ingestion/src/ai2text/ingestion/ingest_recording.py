"""A still file becomes a stored, announced recording, or a refusal that says why."""

import asyncio
from pathlib import Path

import structlog

from ai2text.common import metrics
from ai2text.common.clock import Clock
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import RecordingIngested, Source
from ai2text.common.errors import Refused
from ai2text.common.jetstream import Broker
from ai2text.ingestion import recording
from ai2text.ingestion.announce_recording import announce_recording
from ai2text.ingestion.ledger import Entry, Ledger, Stage
from ai2text.ingestion.recording import Ask, Signature
from ai2text.ingestion.sidecars import Sidecars
from ai2text.ingestion.stable_file import opened
from ai2text.ingestion.store_recording import StoreRecording

log = structlog.get_logger()


class IngestRecording:
    """The use case with what it needs; one object serves all files of a folder."""

    def __init__(
        self, ask: Ask, storing: StoreRecording, broker: Broker, ledger: Ledger, sidecars: Sidecars, clock: Clock
    ) -> None:
        self._ask = ask
        self._storing = storing
        self._broker = broker
        self._ledger = ledger
        self._sidecars = sidecars
        self._clock = clock

    async def ingest_recording(self, folder: Path, name: str, signature: Signature) -> None:
        """Every step may be repeated. Raises ObjectChanged when the file is not still, Unavailable to try later."""
        source = recording.source_of(self._ask, "hot_folder", name, signature.modified_at)
        try:
            facts = await asyncio.to_thread(self._store_file, folder / name, source, signature)
        except Refused as exc:
            await self._reject(source, signature, Reason(code=exc.code, detail=exc.detail))
            return
        entry = _entry(name, signature, facts, self._ledger.get(name))
        self._ledger.put(entry)
        log.debug("recording_stored", name=name, recording_id=facts.recording_id, bytes=facts.size_bytes)
        await self._announce(entry, facts)

    async def announce_again(self, entry: Entry) -> None:
        """After a crash between storing and announcing."""
        await self._announce(entry, await asyncio.to_thread(self._storing.facts_at, str(entry.facts_key)))

    async def _announce(self, entry: Entry, facts: RecordingIngested) -> None:
        await announce_recording(self._broker, facts, facts.first_job)
        self._ledger.announced(entry)
        log.info("transcription_requested", name=entry.name, recording_id=facts.recording_id)

    def _store_file(self, path: Path, source: Source, signature: Signature) -> RecordingIngested:
        with opened(path, signature) as file:
            return self._storing.store_recording(self._ask, source, file, signature.size_bytes).facts

    async def _reject(self, source: Source, signature: Signature, reason: Reason) -> None:
        written = await asyncio.to_thread(self._sidecars.write_reason, source.name, reason)
        await self._broker.publish(recording.rejected(self._ask, source, signature, reason, self._clock()))
        self._ledger.put(Entry(name=source.name, signature=signature, stage=Stage.REFUSED, written=written))
        metrics.RECORDINGS_REJECTED.labels(reason.code).inc()
        log.warning("recording_rejected", name=source.name, code=reason.code, detail=reason.detail)


def _entry(name: str, signature: Signature, facts: RecordingIngested, known: Entry | None) -> Entry:
    return Entry(
        name=name,
        signature=signature,
        stage=Stage.STORED,
        recording_id=facts.recording_id,
        job_id=facts.first_job.job_id,
        outcome_key=facts.first_job.outcome_key,
        facts_key=facts.facts_key,
        written=known.written if known else {},
    )
