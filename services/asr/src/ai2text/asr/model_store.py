"""Models that lie in the object store, under s3://bucket/prefix."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ai2text.asr.model_files import TAKEN, Body, ModelUnavailable, Snapshot, complete_or_refuse
from ai2text.asr.model_source import StoredModel
from ai2text.common.errors import ObjectChanged, ObjectNotFound, Refused
from ai2text.common.object_store import ObjectStore, StoredObject
from ai2text.common.settings import S3Settings

READ_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    name: str
    size_bytes: int
    store: ObjectStore
    found: StoredObject
    sha256: str | None = None

    def check(self, path: Path) -> None:
        """Each read was pinned to the ETag; there is no hash beside it that could be compared."""

    @contextmanager
    def open(self, offset: int) -> Iterator[Body]:
        yield Body(offset, self._blocks(offset))

    def _blocks(self, offset: int) -> Iterator[bytes]:
        for at in range(offset, self.size_bytes, READ_BYTES):
            length = min(READ_BYTES, self.size_bytes - at)
            try:
                yield self.store.read(self.found.key, at, length, self.found.etag)
            except (ObjectChanged, ObjectNotFound) as exc:
                raise ModelUnavailable(f"{self.found.key} was replaced while it was read.") from exc


def stored_snapshot(model: StoredModel, settings: S3Settings | None) -> Snapshot:
    """Lists the prefix. Raises Refused when there is no model, StoreUnavailable."""
    if settings is None:
        raise Refused("unknown_model", f"Without an object store there is no s3://{model.bucket}/{model.prefix}.")
    store = ObjectStore(settings.model_copy(update={"bucket": model.bucket}))
    found = {one.key.removeprefix(model.prefix): one for one in store.list(model.prefix)}
    taken = {name: one for name, one in sorted(found.items()) if name in TAKEN}
    complete_or_refuse(set(taken), f"s3://{model.bucket}/{model.prefix}")
    listing = "\n".join(f"{name} {one.size_bytes} {one.etag}" for name, one in taken.items())
    return Snapshot(
        revision=hashlib.sha256(listing.encode()).hexdigest()[:40],
        files=tuple(
            StoredFile(name=name, size_bytes=one.size_bytes, store=store, found=one) for name, one in taken.items()
        ),
    )
