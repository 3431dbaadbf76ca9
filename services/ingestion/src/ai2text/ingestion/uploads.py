"""Uploads in parts, as they stand in the bucket: nothing of them is in memory, so any replica answers for any part."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.errors import ObjectNotFound
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion.upload import Part, Received, Upload, parts_among, staging_prefix

log = structlog.get_logger()

OPENED, ANSWER = "upload.json", "answer.json"


class UploadGone(ObjectNotFound):
    """There is no such upload of this tenant, or none any more; answered with 404."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One upload and what has arrived of it."""

    upload: Upload
    prefix: str
    parts: list[Part]
    answer: Received | None
    expires_at: datetime

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)


class Uploads:
    """Blocking; safe to use from several threads."""

    def __init__(self, store: ObjectStore, abandoned: timedelta, clock: Clock) -> None:
        self._store = store
        self._abandoned = abandoned
        self._clock = clock

    def open(self, upload: Upload) -> Standing:
        prefix = staging_prefix(upload.tenant, upload.upload_id)
        self._store.put(f"{prefix}{OPENED}", encode(upload))
        log.info("upload_opened", upload_id=upload.upload_id, bytes=upload.size_bytes)
        expires_at = upload.opened_at + self._abandoned
        return Standing(upload=upload, prefix=prefix, parts=[], answer=None, expires_at=expires_at)

    def find(self, tenant: str, upload_id: str) -> Standing:
        """Raises UploadGone, also when it is about to be swept: nobody may begin to use it then."""
        prefix = staging_prefix(tenant, upload_id)
        objects = {stored.key.removeprefix(prefix): stored for stored in self._store.written(prefix)}
        times = [stored.modified_at for stored in objects.values() if stored.modified_at]
        expires_at = max(times, default=self._clock() - self._abandoned) + self._abandoned
        if OPENED not in objects or expires_at <= self._clock():
            raise UploadGone(f"There is no upload {upload_id}, or it was left alone for too long: begin a new one.")
        return Standing(
            upload=decode(Upload, self._read(f"{prefix}{OPENED}")),
            prefix=prefix,
            parts=parts_among(objects.values()),
            answer=decode(Received, self._read(f"{prefix}{ANSWER}")) if ANSWER in objects else None,
            expires_at=expires_at,
        )

    def answer(self, standing: Standing, answer: Received) -> None:
        self._store.put(f"{standing.prefix}{ANSWER}", encode(answer))

    def clear(self, standing: Standing) -> None:
        """Removes the parts; the answer stays until it is swept."""
        for part in standing.parts:
            self._store.erase(part.object.key)

    def discard(self, standing: Standing) -> None:
        """What it was first: from then on nobody finds it, and what is left of it is swept."""
        self._store.erase(f"{standing.prefix}{OPENED}")
        for stored in self._store.list(standing.prefix):
            self._store.erase(stored.key)

    def _read(self, key: str) -> bytes:
        try:
            return self._store.get(key)
        except ObjectNotFound as exc:
            raise UploadGone("The upload was removed meanwhile.") from exc
