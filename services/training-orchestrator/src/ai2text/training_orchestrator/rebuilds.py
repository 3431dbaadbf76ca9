"""Rebuilds of versions in the object store: each claimed once and ended once. Blocking."""

from dataclasses import replace
from uuid import uuid4

from ai2text.common.contracts.codec import decode, encode
from ai2text.common.errors import ObjectNotFound
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.dataset import Claim, Rebuild, RebuildOutcome


class Rebuilds:
    """Safe to use from several threads; what it returns is what stands."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def claim(self, version: Claim, wanted: Rebuild) -> Rebuild:
        """With the next free number."""
        tenant, name, number = version.tenant, version.definition.name, version.version
        claim = replace(wanted, number=self.newest(version) + 1)
        while True:
            self._store.put(dataset.building_key(tenant, name, number, claim.number), b"")
            if self._stands(version, replace(claim, attempt=uuid4().hex)):
                return claim
            claim = replace(claim, number=claim.number + 1)

    def _stands(self, version: Claim, wanted: Rebuild) -> bool:
        if self._store.put_first(self._key(version, wanted.number, "claim"), encode(wanted)):
            return True
        standing = self.find(version, wanted.number)
        return standing is not None and standing.attempt == wanted.attempt

    def newest(self, version: Claim) -> int:
        """0 without any."""
        prefix = self._prefix(version)
        found = (int(stored.key.removeprefix(prefix).partition("/")[0]) for stored in self._store.written(prefix))
        return max(found, default=0)

    def find(self, version: Claim, number: int) -> Rebuild | None:
        try:
            return decode(Rebuild, self._store.get(self._key(version, number, "claim")))
        except ObjectNotFound:
            return None

    def find_outcome(self, version: Claim, number: int) -> RebuildOutcome | None:
        """None while it is under way."""
        try:
            return decode(RebuildOutcome, self._store.get(self._key(version, number, "outcome")))
        except ObjectNotFound:
            return None

    def end(self, version: Claim, number: int, outcome: RebuildOutcome) -> None:
        """The first one stands."""
        self._store.put_first(self._key(version, number, "outcome"), encode(outcome))

    def _key(self, version: Claim, number: int, document: str) -> str:
        return f"{self._prefix(version)}{number:03}/{document}.json"

    @staticmethod
    def _prefix(version: Claim) -> str:
        return dataset.rebuilds_prefix(version.tenant, version.definition.name, version.version)
