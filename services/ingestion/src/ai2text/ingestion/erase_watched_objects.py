"""What a watched bucket holds of an erased recording goes: our sidecars, the object itself, what the ledger knows.

Only what still is what we wrote, or took in: whatever somebody else has put there is left.
"""

import asyncio

import structlog

from ai2text.common.bucket_settings import Bucket
from ai2text.common.contracts import identity
from ai2text.common.errors import ObjectNotFound, StoreDenied
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion.bucket_ledger import BucketLedger, ObjectEntry
from ai2text.ingestion.ledger import Stage
from ai2text.ingestion.object_sidecars import ObjectSidecars
from ai2text.ingestion.store_staged import sha256_of_stored

log = structlog.get_logger()


class EraseWatchedObjects:
    """Every call may be repeated, after a crash at any point too."""

    def __init__(self, bucket: Bucket, watched: ObjectStore, ledger: BucketLedger, sidecars: ObjectSidecars) -> None:
        self._bucket = bucket
        self._watched = watched
        self._ledger = ledger
        self._sidecars = sidecars

    async def erase_watched_objects(self, recording_id: str, next_life: int) -> None:
        """Of earlier lives than that. Raises Unavailable."""
        await asyncio.to_thread(self._erase_all, recording_id, next_life)

    def _erase_all(self, recording_id: str, next_life: int) -> None:
        with self._sidecars.lock:
            for entry in self._ledger.of_recording(recording_id):
                if entry.life < next_life:
                    self._erase(entry)

    def _erase(self, entry: ObjectEntry) -> None:
        place = entry.placed or entry.key
        self._sidecars.erase(place, entry.written, entry.intended)
        log.debug("object_sidecars_erased", recording_id=entry.recording_id)
        allowed = self._erase_source(entry)
        log.debug("source_object_erased", recording_id=entry.recording_id)
        self._ledger.forget(entry.key)
        if not allowed and self._etag_at(entry.key) == entry.etag:  # from now on it is left alone
            self._ledger.put(ObjectEntry(key=entry.key, etag=entry.etag, stage=Stage.REFUSED))
        log.info("watched_object_erased", recording_id=entry.recording_id)

    def _erase_source(self, entry: ObjectEntry) -> bool:
        """Whether we may. What stands there afterwards all the same was put there anew."""
        try:
            self._erase_everywhere(entry)
        except StoreDenied as exc:
            log.warning("source_not_erased", recording_id=entry.recording_id, bucket=self._bucket.name, error=str(exc))
            return False
        return True

    def _erase_everywhere(self, entry: ObjectEntry) -> None:
        for key in {entry.key, entry.origin or entry.key} - {entry.placed}:
            self._erase_content(key, entry.etag)
        copied = self._etag_at(entry.placed) if entry.placed else None
        if entry.placed and copied and (copied == entry.etag or self._holds(entry, entry.placed)):
            self._erase_content(entry.placed, copied)

    def _erase_content(self, key: str, etag: str) -> None:
        """First out of sight: an older version of its owner's must not come forth instead."""
        if self._etag_at(key) == etag:
            self._watched.delete(key)
        self._watched.erase(key, etag)

    def _holds(self, entry: ObjectEntry, key: str) -> bool:
        """A copy may have another ETag, and is known by its content."""
        try:
            sha256 = sha256_of_stored(self._watched, self._watched.stat(key))
        except ObjectNotFound:
            return False
        return identity.recording_id(self._bucket.tenant, sha256) == entry.recording_id

    def _etag_at(self, key: str) -> str | None:
        try:
            return self._watched.stat(key).etag
        except ObjectNotFound:
            return None
