"""What a bucket's options mean for its objects: which are taken, what is asked, where they go. No I/O here."""

from dataclasses import replace
from pathlib import PurePosixPath
from uuid import uuid5

from ai2text.common.bucket_settings import Bucket
from ai2text.common.contracts.identity import NAMESPACE
from ai2text.common.object_store import StoredObject
from ai2text.ingestion import recording
from ai2text.ingestion.patterns import lets
from ai2text.ingestion.recording import Ask, is_taken
from ai2text.ingestion.upload import staging_prefix

ETAG_CHARACTERS = 8


def ask_of(bucket: Bucket) -> Ask:
    """Of every object of the bucket; its folders may add tags."""
    return Ask(
        tenant=bucket.tenant,
        place=bucket.bucket,
        model=bucket.model,
        lane=bucket.lane,
        options=replace(bucket.options, language=bucket.language or bucket.options.language),
        tags=bucket.tags,
    )


def tagged(bucket: Bucket, ask: Ask, key: str) -> Ask:
    return recording.tagged(ask, _below(bucket, key).lstrip("/")) if bucket.tags_from_folders else ask


def takes(bucket: Bucket, key: str) -> bool:
    """Whether it lies below the prefix, says audio or video, is not what we moved away, and the patterns let it."""
    if not key.startswith(bucket.prefix) or key.startswith(f"{bucket.prefix}{bucket.done_prefix}"):
        return False
    name = _below(bucket, key)
    if not bucket.recursive and "/" in name:
        return False
    return is_taken(key.rpartition("/")[2], bucket.extensions) and lets(name, bucket.include, bucket.exclude)


def done_keys(bucket: Bucket, seen: StoredObject) -> tuple[str, str]:
    """Where a moved object goes, and where when somebody else's object stands there."""
    first = PurePosixPath(f"{bucket.prefix}{bucket.done_prefix}{_below(bucket, seen.key)}")
    return str(first), str(first.with_stem(f"{first.stem}-{seen.etag[:ETAG_CHARACTERS]}"))


def staged_key(bucket: Bucket, seen: StoredObject) -> str:
    """The same for the same content, so that a repetition after a crash leaves nothing of the first time."""
    staged = uuid5(NAMESPACE, f"staged/{bucket.endpoint}/{bucket.bucket}/{seen.key}/{seen.etag}").hex
    return f"{staging_prefix(bucket.tenant, staged)}object"


def _below(bucket: Bucket, key: str) -> str:
    return key.removeprefix(bucket.prefix)
