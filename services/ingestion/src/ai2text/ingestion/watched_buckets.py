"""The watched buckets, each wired with what it needs."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ai2text.common.bucket_settings import Bucket, s3_settings_of, secret_at
from ai2text.common.clock import utc_now
from ai2text.common.consumer import Consumer
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion.bucket_hooks import Hook
from ai2text.ingestion.bucket_ledger import BucketLedger
from ai2text.ingestion.bucket_watch import BucketWatch
from ai2text.ingestion.dispose_object import DisposeObject
from ai2text.ingestion.erase_watched_objects import EraseWatchedObjects
from ai2text.ingestion.ingest_object import IngestObject
from ai2text.ingestion.object_sidecars import ObjectSidecars
from ai2text.ingestion.patterns import check_patterns
from ai2text.ingestion.read_shown_text import ReadShownText
from ai2text.ingestion.sidecar_consumer import sidecar_consumer
from ai2text.ingestion.stage_object import StageObject
from ai2text.ingestion.surroundings import Surroundings
from ai2text.ingestion.write_object_sidecars import WriteObjectSidecars


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedBucket:
    watch: BucketWatch
    consumer: Consumer
    hook: Hook | None


@contextmanager
def watched_buckets(buckets: tuple[Bucket, ...], around: Surroundings) -> Iterator[list[WatchedBucket]]:
    """Their ledgers are open inside. Raises Misconfigured for keys that cannot be read."""
    with ExitStack() as ledgers:
        watched = []
        for bucket in buckets:
            ledger = BucketLedger(_ledger_path(around.settings.state_dir, bucket))
            ledgers.enter_context(closing(ledger))
            watched.append(_wired(bucket, around, ledger))
        yield watched


def _ledger_path(directory: Path, bucket: Bucket) -> Path:
    return directory / f"bucket-{bucket.name}-{bucket.bucket}.sqlite3"


def _wired(bucket: Bucket, around: Surroundings, ledger: BucketLedger) -> WatchedBucket:
    check_patterns("Bucket", bucket)
    reached = s3_settings_of(bucket, around.s3)
    watched = ObjectStore(reached)
    same = (reached.endpoint, reached.access_key) == (around.s3.endpoint, around.s3.access_key)
    sidecars = ObjectSidecars(bucket, watched)
    ingest = IngestObject(
        bucket,
        around.store,
        StageObject(around.store, watched, bucket.bucket if same else None),
        around.storing,
        around.broker,
        ledger,
        sidecars,
        DisposeObject(bucket, watched, ledger),
        utc_now,
    )
    texts = ReadShownText(around.store, around.catalogue, bucket.tenant)
    write = WriteObjectSidecars(ledger, texts, sidecars)
    erase = EraseWatchedObjects(bucket, watched, ledger, sidecars)
    watch = BucketWatch(bucket, watched, ledger, ingest, write, around.settings.workers)
    consumer = sidecar_consumer(around.broker, bucket.name, write.write_object_sidecars, erase.erase_watched_objects)
    return WatchedBucket(watch=watch, consumer=consumer, hook=_hook(bucket, watch))


def _hook(bucket: Bucket, watch: BucketWatch) -> Hook | None:
    if bucket.hook_token is None:
        return None
    return Hook(watch=watch, token=secret_at(bucket.hook_token, f"bucket {bucket.name}: hook_token"))
