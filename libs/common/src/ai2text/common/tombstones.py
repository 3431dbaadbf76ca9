"""Which life of a recording is the present one, as its tombstone says; see `identity`. Blocking."""

from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.erasure import Tombstone
from ai2text.common.errors import ObjectNotFound
from ai2text.common.object_store import ObjectStore


def present_life(store: ObjectStore, tenant: str, recording_id: str) -> int:
    """0 for what was never erased; whatever is of an earlier one is erased. Raises StoreUnavailable, Poison."""
    try:
        content = store.get(identity.tombstone_key(tenant, recording_id))
    except ObjectNotFound:
        return 0
    return decode(Tombstone, content).next_life
