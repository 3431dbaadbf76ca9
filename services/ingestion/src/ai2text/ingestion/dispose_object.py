"""What becomes of an object in its owner's bucket once its recording is durable and announced."""

import structlog

from ai2text.common.bucket_settings import Bucket
from ai2text.common.errors import ObjectNotFound
from ai2text.common.object_store import ObjectStore, StoredObject
from ai2text.common.sources import Disposition
from ai2text.ingestion.bucket_ledger import BucketLedger
from ai2text.ingestion.bucket_objects import done_keys

log = structlog.get_logger()


class DisposeObject:
    """Blocking. May be repeated, and never touches what is no longer the object that was seen.

    S3 has no rename and, commonly, no conditional delete: the object is looked at once more right before it is
    deleted, which leaves a moment of a few milliseconds.
    """

    def __init__(self, bucket: Bucket, watched: ObjectStore, ledger: BucketLedger) -> None:
        self._bucket = bucket
        self._watched = watched
        self._ledger = ledger

    def place_of(self, seen: StoredObject) -> str | None:
        """Where it will lie, None when it is not moved. Decided before it is announced, for its sidecars go there."""
        if self._bucket.disposition is not Disposition.MOVE:
            return None
        known = self._ledger.get(seen.key)
        first, marked = done_keys(self._bucket, seen)
        decided = known.placed if known and known.etag == seen.etag else None
        return next((place for place in (decided, first) if place and self._is_free(place, seen)), marked)

    def dispose_object(self, seen: StoredObject) -> None:
        """Raises ObjectChanged when it is another object by now, Unavailable to try later."""
        if self._bucket.disposition is Disposition.KEEP:
            return
        if place := self.place_of(seen):
            self._ledger.placed(seen.key, place)
            self._watched.compose(place, [seen])
            if not self._is_known(seen):
                self._watched.erase(place)  # it was erased meanwhile
                return
            log.debug("object_moved", key=seen.key, place=place)
        if self._stands(seen):
            self._watched.delete(seen.key)
            log.info("object_disposed", key=seen.key, disposition=self._bucket.disposition)

    def _is_known(self, seen: StoredObject) -> bool:
        known = self._ledger.get(seen.key)
        return known is not None and known.etag == seen.etag

    def _is_free(self, place: str, seen: StoredObject) -> bool:
        """Also when it was copied there before, which its size has to say: a copy may have another ETag."""
        try:
            return self._watched.stat(place).size_bytes == seen.size_bytes
        except ObjectNotFound:
            return True

    def _stands(self, seen: StoredObject) -> bool:
        try:
            return self._watched.stat(seen.key).etag == seen.etag
        except ObjectNotFound:
            return False
