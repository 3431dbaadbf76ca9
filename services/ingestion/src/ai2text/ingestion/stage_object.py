"""An object of a watched bucket comes under a key of ours, as it was when it was seen, or not at all."""

import hashlib
from dataclasses import dataclass

import structlog

from ai2text.audio.ranged_reader import RangedReader
from ai2text.common.errors import ObjectChanged
from ai2text.common.object_store import ObjectStore, StoredObject
from ai2text.ingestion.store_recording import AUDIO_TYPE

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    object: StoredObject
    sha256: str | None
    """Of what passed through here; None when the server copied it by itself."""


class StageObject:
    """Blocking; safe to use from several threads."""

    def __init__(self, store: ObjectStore, watched: ObjectStore, copied_from: str | None) -> None:
        """`copied_from` is the watched bucket, when it lies on the store's own server under the same credentials."""
        self._store = store
        self._watched = watched
        self._copied_from = copied_from

    def stage_object(self, seen: StoredObject, key: str) -> Staged:
        """May be repeated. Raises ObjectChanged when it is no longer what was seen, ObjectNotFound, Unavailable."""
        if self._copied_from:
            self._store.compose(key, [seen], self._copied_from)
            sha256 = None
        else:
            sha256 = self._stream(seen, key)
        staged = self._store.stat(key)
        if staged.size_bytes != seen.size_bytes or self._watched.stat(seen.key).etag != seen.etag:
            raise ObjectChanged(f"{seen.key} was overwritten while it was copied.")
        log.debug("object_staged", key=seen.key, bytes=seen.size_bytes)
        return Staged(object=staged, sha256=sha256)

    def _stream(self, seen: StoredObject, key: str) -> str:
        with RangedReader(self._watched, seen.key, seen.size_bytes, seen.etag, blocks_kept=1) as reader:
            stream = _Stream(reader)
            self._store.put_stream(key, stream, seen.size_bytes, AUDIO_TYPE)
        return stream.sha256()


class _Stream:
    """Reads one block after the other, and knows the hash of what it has read."""

    def __init__(self, reader: RangedReader) -> None:
        self._reader = reader
        self._offset = 0
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        left = self._reader.size_bytes - self._offset
        block = self._reader.read(self._offset, left if size < 0 else min(size, left))
        self._offset += len(block)
        self._hash.update(block)
        return block

    def sha256(self) -> str:
        return self._hash.hexdigest()
