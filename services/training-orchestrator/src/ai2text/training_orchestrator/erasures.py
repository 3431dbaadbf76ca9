"""Which recordings were erased, as their tombstones say. Blocking."""

from ai2text.common.contracts import identity
from ai2text.common.object_store import ObjectStore
from ai2text.common.tombstones import present_life

Tombstones = dict[str, str]
"""The ETag of each by the id of its recording; another one after another life was erased."""


class Erasures:
    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def tombstones(self, tenant: str) -> Tombstones:
        prefix = identity.tombstones_prefix(tenant)
        return {found.key.removeprefix(prefix).removesuffix(".json"): found.etag for found in self._store.list(prefix)}

    def is_erased(self, tenant: str, recording_id: str, life: int) -> bool:
        """Whether this life of the recording, or a later one, was erased."""
        return life < present_life(self._store, tenant, recording_id)
