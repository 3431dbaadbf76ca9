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
    """Objects that their owner took away, and nothing of what we moved or wrote is left."""


def compare_bucket(bucket: Bucket, watched: ObjectStore, ledger: BucketLedger) -> Differences:
    """Raises StoreUnavailable, LedgerUnavailable."""
    known, found = ledger.keys(), Differences()
    missing = {written: key for key, entry in known.items() if entry.stage not in WAITING for written in entry.written}
    unseen, gone, left = set(known), set(known), _left_by_us(bucket, known)
    for seen in watched.list(bucket.prefix):
        unseen.discard(seen.key)
        gone -= {seen.key, left.get(seen.key, seen.key)}
        missing.pop(seen.key, None)
        if takes(bucket, seen.key) and _is_due(bucket, known.get(seen.key), seen.etag):
            found.due.append(seen.key)
    found.gone.extend(key for key in gone if known[key].stage not in WAITING)
    found.without_sidecar.extend(sorted(set(missing.values()) - unseen - set(found.due)))
    return found


def _left_by_us(bucket: Bucket, known: dict[str, Known]) -> dict[str, str]:
    """Keys by what stands for them, where objects are moved or deleted once they are taken."""
    if bucket.disposition is Disposition.KEEP:
        return {}
    return {each: key for key, entry in known.items() for each in (entry.placed, *entry.written) if each}


def _is_due(bucket: Bucket, known: Known | None, etag: str) -> bool:
    if known is None or known.etag != etag:
        return True
    return bucket.disposition is not Disposition.KEEP and known.stage is not Stage.REFUSED
