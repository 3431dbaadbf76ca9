"""A still file becomes a stored, announced recording, or a refusal that says why."""

import asyncio
from pathlib import Path
from typing import BinaryIO

import structlog

from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox
from ai2text.audio.source import FileSource
from ai2text.common import metrics
from ai2text.common.clock import Clock
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import RecordingIngested, Source
from ai2text.common.errors import Refused
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion import recording
from ai2text.ingestion.ledger import Entry, Ledger, Stage
from ai2text.ingestion.recording import Ask, Signature
from ai2text.ingestion.settings import IngestionSettings
from ai2text.ingestion.sidecars import Sidecars
from ai2text.ingestion.stable_file import opened, sha256_of

log = structlog.get_logger()

AUDIO_TYPE = "application/octet-stream"
"""The content type is decided by decoding, not by the store."""


class IngestRecording:
    """The use case with what it needs; one object serves all files of a folder."""

    def __init__(  # noqa: PLR0913, PLR0917 - one argument per collaborator
        self,
        settings: IngestionSettings,
        ask: Ask,
        store: ObjectStore,
        broker: Broker,
        ledger: Ledger,
        sandbox: Sandbox,
        sidecars: Sidecars,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._ask = ask
        self._store = store
        self._broker = broker
        self._ledger = ledger
        self._sandbox = sandbox
        self._sidecars = sidecars
        self._clock = clock

    async def ingest_recording(self, folder: Path, name: str, signature: Signature) -> None:
        """Every step may be repeated. Raises ObjectChanged when the file is not still, Unavailable to try later."""
        source = recording.source_of(self._ask, name, signature)
        try:
            facts = await asyncio.to_thread(self._store_file, folder / name, source, signature)
        except Refused as exc:
            await self._reject(source, signature, Reason(code=exc.code, detail=exc.detail))
            return
        entry = _entry(name, signature, facts, self._ledger.get(name))
        self._ledger.put(entry)
        log.debug("recording_stored", name=name, recording_id=facts.recording_id, bytes=facts.size_bytes)
        await self.announce(entry, facts)
        metrics.RECORDINGS_INGESTED.labels(source.kind).inc()

    async def announce(self, entry: Entry, facts: RecordingIngested) -> None:
        """Both messages, under the same ids whenever this is done again; then the ledger knows."""
        await self._broker.publish(facts)
        log.debug("recording_announced", name=entry.name, recording_id=facts.recording_id)
        await self._broker.publish(facts.first_job)
        self._ledger.announced(entry)
        log.info("transcription_requested", name=entry.name, recording_id=facts.recording_id)

    async def announce_again(self, entry: Entry) -> None:
        """After a crash between storing and announcing."""
        facts = decode(RecordingIngested, await asyncio.to_thread(self._store.get, str(entry.facts_key)))
        await self.announce(entry, facts)

    def _store_file(self, path: Path, source: Source, signature: Signature) -> RecordingIngested:
        """Blocking. The audio first, the facts about it second; nothing is announced before both are durable."""
        self._check_size(signature.size_bytes)
        with opened(path, signature) as file:
            facts = self._facts(file, source, signature)
            if not self._store.exists(facts.audio_key):
                file.seek(0)
                self._store.put_verified(facts.audio_key, file, facts.size_bytes, facts.sha256, AUDIO_TYPE)
            log.debug("audio_stored", name=source.name, key=facts.audio_key)
        if self._store.put_first(facts.facts_key, encode(facts)):
            return facts
        return decode(RecordingIngested, self._store.get(facts.facts_key))

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes == 0:
            raise Refused("empty_file", "The file has no bytes. Copy it here again.")
        if size_bytes > self._settings.max_file_bytes:
            raise Refused(
                "file_too_large",
                f"The file has {size_bytes} bytes, {self._settings.max_file_bytes} are allowed "
                "(AI2TEXT_INGESTION_MAX_FILE_BYTES).",
            )

    def _facts(self, file: BinaryIO, source: Source, signature: Signature) -> RecordingIngested:
        sha256 = sha256_of(file)
        audio = FileSource(file)
        media = probe(self._sandbox, audio, max_duration_seconds=self._settings.max_duration_seconds)
        return recording.ingested(self._ask, source, media, sha256, signature.size_bytes, self._clock())

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
