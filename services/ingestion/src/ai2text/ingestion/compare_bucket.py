"""A listing of a watched bucket against its ledger. Blocking, and without reading an object."""

from dataclasses import dataclass, field

from ai2text.common.bucket_settings import Bucket
from ai2text.common.object_store import ObjectStore
from ai2text.common.sources import Disposition
from ai2text.ingestion.bucket_ledger import BucketLedger, Known
from ai2text.ingestion.bucket_objects import takes
from ai2text.ingestion.ledger import WAITING, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    due: list[str] = field(default_factory=list)
    """Keys that are new, changed or not yet where they belong."""
    without_sidecar: list[str] = field(default_factory=list)
    """Objects as we know them, beside which something that we wrote has gone."""
    gone: list[str] = field(default_factory=list)


def compare_bucket(bucket: Bucket, watched: ObjectStore, ledger: BucketLedger) -> Differences:
    """Raises StoreUnavailable, LedgerUnavailable."""
    known, found = ledger.keys(), Differences()
    missing = {written: key for key, entry in known.items() if entry.stage not in WAITING for written in entry.written}
    unseen = set(known)
    for seen in watched.list(bucket.prefix):
        unseen.discard(seen.key)
        missing.pop(seen.key, None)
        if takes(bucket, seen.key) and _is_due(bucket, known.get(seen.key), seen.etag):
            found.due.append(seen.key)
    found.gone.extend(key for key in unseen if known[key].stage not in WAITING)
    found.without_sidecar.extend(sorted(set(missing.values()) - unseen - set(found.due)))
    return found


def _is_due(bucket: Bucket, known: Known | None, etag: str) -> bool:
    if known is None or known.etag != etag:
        return True
    return bucket.disposition is not Disposition.KEEP and known.stage is not Stage.REFUSED
