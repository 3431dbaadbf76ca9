"""The bytes of a recording, from wherever, become one stored object and the facts beside it."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import BinaryIO

import structlog

from ai2text.audio import refusals
from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox
from ai2text.audio.source import AudioSource, FileSource
from ai2text.common.clock import Clock
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.recordings import RecordingIngested, Source
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.errors import ObjectNotFound
from ai2text.common.object_store import PART_BYTES, ObjectStore, Readable
from ai2text.ingestion import recording
from ai2text.ingestion.held_back import HeldBack
from ai2text.ingestion.lives import life_of
from ai2text.ingestion.recording import Ask
from ai2text.ingestion.settings import IngestionSettings
from ai2text.ingestion.stable_file import sha256_of

log = structlog.get_logger()

AUDIO_TYPE = "application/octet-stream"
"""The content type is decided by decoding, not by the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    facts: RecordingIngested
    job: TranscriptionRequested
    """The first job on the lane that is asked for now; the facts may be of an earlier time."""
    new: bool
    """Whether the tenant had not had these bytes before."""


class StoreRecording:
    """The use case with what it needs; safe to use from several threads."""

    def __init__(self, settings: IngestionSettings, store: ObjectStore, sandbox: Sandbox, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._sandbox = sandbox
        self._clock = clock

    def store_recording(
        self, ask: Ask, source: Source, file: BinaryIO, size_bytes: int, former: str | None = None
    ) -> Stored:
        """Blocking. The audio first, the facts about it second; nothing may be announced before both are durable.

        Asked again for the same source and bytes it finds the facts of the first time. `former` is the
        recording that the source held before, if any. Raises Refused for what cannot become a recording,
        ObjectChanged when the bytes change meanwhile, Unavailable to try later.
        """
        self.check_size(size_bytes)
        sha256 = sha256_of(file)
        life = self.life_of(ask, source, sha256)
        new = not self._stands(identity.audio_key(ask.tenant, sha256, life), size_bytes)
        if new and size_bytes > PART_BYTES:
            facts = self._examined_and_put(ask, source, file, sha256, life)
        else:
            facts = self.examined(ask, source, FileSource(file), sha256, life)
            if new:
                self._put(facts.audio_key, file, size_bytes, sha256)
        log.debug("audio_stored", name=source.name, key=facts.audio_key)
        return self.keep_facts(recording.replacing(facts, former, facts.ingested_at), ask, new=new)

    def life_of(self, ask: Ask, source: Source, sha256: str) -> int:
        """Of the recording with these bytes. Raises Refused for what was erased; see `lives`."""
        return life_of(self._store, ask.tenant, source, sha256)

    def _examined_and_put(self, ask: Ask, source: Source, file: BinaryIO, sha256: str, life: int) -> RecordingIngested:
        """Side by side, for each takes as long as the other. Of what is refused no object is made."""
        audio = FileSource(file)
        held = HeldBack(file, audio.size_bytes)
        key = identity.audio_key(ask.tenant, sha256, life)
        with ThreadPoolExecutor(1, "put") as other:
            put = other.submit(copy_context().run, self._put, key, held, audio.size_bytes, sha256)
            with held:
                facts = self.examined(ask, source, audio, sha256, life)
            put.result()
        return facts

    def _put(self, key: str, content: Readable, size_bytes: int, sha256: str) -> None:
        self._store.put_verified(key, content, size_bytes, sha256, AUDIO_TYPE)

    def keep_facts(self, facts: RecordingIngested, ask: Ask, *, new: bool) -> Stored:
        """The audio is stored. What stands already about the same source and ask is kept."""
        if not self._store.put_first(facts.facts_key, encode(facts)):
            facts = self.facts_at(facts.facts_key)
        return Stored(facts=facts, job=replace(facts.first_job, lane=ask.lane), new=new)

    def _stands(self, key: str, size_bytes: int) -> bool:
        """An upload that was killed may have left a part under its key: SeaweedFS does so."""
        try:
            return self._store.stat(key).size_bytes == size_bytes
        except ObjectNotFound:
            return False

    def facts_at(self, key: str) -> RecordingIngested:
        return decode(RecordingIngested, self._store.get(key))

    def facts_left(self, key: str) -> RecordingIngested | None:
        """None where the recording was erased: the word of it is on its way to whoever asks."""
        try:
            return self.facts_at(key)
        except ObjectNotFound:
            log.warning("facts_missing", key=key)
            return None

    def check_size(self, size_bytes: int) -> None:
        if size_bytes == 0:
            raise refusals.refused("empty")
        if size_bytes > self._settings.max_file_bytes:
            raise refusals.too_large(size_bytes, self._settings.max_file_bytes)

    def examined(self, ask: Ask, source: Source, audio: AudioSource, sha256: str, life: int) -> RecordingIngested:
        """What decoding all of it says; nothing is stored."""
        media = probe(self._sandbox, audio, max_duration_seconds=self._settings.max_duration_seconds)
        return recording.ingested(ask, source, media, sha256, audio.size_bytes, self._clock(), life)
