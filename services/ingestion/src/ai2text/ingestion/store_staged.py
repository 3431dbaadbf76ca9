"""What lies in the bucket already, whole or in parts, becomes a recording without passing through this machine's disk.

It is hashed and decoded by ranges, copied by the server under its hash, and the copy is hashed again before anybody
hears of it.
"""

import hashlib
from collections.abc import Sequence

import structlog

from ai2text.audio.ranged_reader import RangedReader
from ai2text.audio.source import AudioSource
from ai2text.common.contracts import identity
from ai2text.common.contracts.recordings import RecordingIngested, Source
from ai2text.common.errors import ObjectChanged, ObjectNotFound
from ai2text.common.object_store import ObjectStore, StoredObject
from ai2text.ingestion import recording
from ai2text.ingestion.recording import Ask
from ai2text.ingestion.request_body import check
from ai2text.ingestion.store_recording import Stored, StoreRecording

log = structlog.get_logger()

BLOCK_BYTES = 1 << 20


class StoreStaged:
    """The use case with what it needs; safe to use from several threads."""

    def __init__(self, storing: StoreRecording, store: ObjectStore) -> None:
        self._storing = storing
        self._store = store

    def store_staged(
        self,
        ask: Ask,
        source: Source,
        staged: Sequence[StoredObject],
        promised: str | None,
        former: str | None = None,
    ) -> Stored:
        """Blocking. `staged` one after the other are the recording, `promised` its SHA-256 if somebody said so.

        `former` is the recording that the source held before, if any.

        Each step may be repeated. Raises Refused for what cannot become a recording or is not what was promised,
        ObjectChanged when what is staged changes meanwhile, ObjectNotFound when it goes, Unavailable to try later.
        """
        self._storing.check_size(sum(part.size_bytes for part in staged))
        with joined(self._store, staged) as audio:
            sha256 = sha256_by_ranges(audio)
            check(sha256, promised)
            log.debug("staged_hashed", name=source.name, sha256=sha256)
            life = self._storing.life_of(ask, source, sha256)
            facts = self._storing.examined(ask, source, audio, sha256, life)
        new = not self._is_known(facts)
        if new:
            self._copy(facts, staged)
        log.debug("staged_stored", name=source.name, key=facts.audio_key)
        return self._storing.keep_facts(recording.replacing(facts, former, facts.ingested_at), ask, new=new)

    def _is_known(self, facts: RecordingIngested) -> bool:
        """A copy that nobody has vouched for yet may be what a killed process left unchecked.

        Facts may be those of an earlier life, of which not all is deleted yet: a later one is always hashed.
        """
        try:
            standing = self._store.stat(facts.audio_key)
        except ObjectNotFound:
            return False
        prefix = f"{identity.facts_prefix(facts.tenant)}{facts.sha256}/"
        vouched = facts.first_job.generation == 0 and next(self._store.list(prefix), None) is not None
        return standing.size_bytes == facts.size_bytes and (
            vouched or sha256_of_stored(self._store, standing) == facts.sha256
        )

    def _copy(self, facts: RecordingIngested, staged: Sequence[StoredObject]) -> None:
        self._store.compose(facts.audio_key, staged)
        log.debug("staged_copied", name=facts.source.name, key=facts.audio_key)
        if not self._holds(self._store.stat(facts.audio_key), facts.sha256):
            self._store.erase(facts.audio_key)
            raise ObjectChanged("What was staged changed while it was copied, or was copied wrongly.")

    def _holds(self, stored: StoredObject, sha256: str) -> bool:
        return sha256_of_stored(self._store, stored) == sha256


def joined(store: ObjectStore, parts: Sequence[StoredObject], blocks_kept: int = 4) -> RangedReader:
    """The parts as one recording, each pinned to what it was when it was seen."""
    size_bytes = sum(part.size_bytes for part in parts)
    return RangedReader(_Joined(store, parts), "", size_bytes, block_bytes=BLOCK_BYTES, blocks_kept=blocks_kept)


def sha256_of_stored(store: ObjectStore, stored: StoredObject) -> str:
    """Of its bytes, read back."""
    with joined(store, [stored], blocks_kept=1) as audio:
        return sha256_by_ranges(audio)


def sha256_by_ranges(audio: AudioSource) -> str:
    digest = hashlib.sha256()
    for offset in range(0, audio.size_bytes, BLOCK_BYTES):
        digest.update(audio.read(offset, BLOCK_BYTES))
    return digest.hexdigest()


class _Joined:
    def __init__(self, store: ObjectStore, parts: Sequence[StoredObject]) -> None:
        self._store = store
        self._parts = parts

    def read(self, _key: str, offset: int, length: int, _etag: str | None = None) -> bytes:
        blocks: list[bytes] = []
        begins = 0
        for part in self._parts:
            first, beyond = max(offset, begins), min(offset + length, begins + part.size_bytes)
            if first < beyond:
                blocks.append(self._store.read(part.key, first - begins, beyond - first, part.etag))
            begins += part.size_bytes
        return b"".join(blocks)
