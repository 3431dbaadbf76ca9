"""Which recordings were erased, as their tombstones say. Blocking."""

from typing import Protocol

from ai2text.common.contracts import identity
from ai2text.common.object_store import ObjectStore
from ai2text.common.tombstones import present_life

Tombstones = dict[str, str]
"""The ETag of each by the id of its recording; another one after another life was erased."""


class Living(Protocol):
    @property
    def recording_id(self) -> str: ...
    @property
    def life(self) -> int: ...


class Erasures:
    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def tombstones(self, tenant: str) -> Tombstones:
        prefix = identity.tombstones_prefix(tenant)
        found = self._store.written(prefix)
        return {one.key.removeprefix(prefix).removesuffix(".json"): one.etag for one in found}

    def is_erased(self, tenant: str, found: Living, tombstones: Tombstones) -> bool:
        """Whether this life of it, or a later one, was erased; the store is asked only about what has a tombstone."""
        is_marked = found.recording_id in tombstones
        return is_marked and found.life < present_life(self._store, tenant, found.recording_id)
