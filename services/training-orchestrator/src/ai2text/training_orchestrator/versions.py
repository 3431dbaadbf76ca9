"""Datasets in the object store: numbered versions, each claimed once and ended once. Blocking."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace

from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.datasets import DatasetAssembled
from ai2text.common.errors import ObjectNotFound
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.dataset import Claim, VersionOutcome
from ai2text.training_orchestrator.hashed_file import HashedFile

OUTCOMES_KEPT = 8
"""They never change, and every file of a version is looked up in its outcome."""
MANIFEST_TYPE = "application/jsonl"


class Versions:
    """Safe to use from several threads; what it returns is what stands."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._outcomes: OrderedDict[str, VersionOutcome] = OrderedDict()

    def claim(self, wanted: Claim) -> Claim:
        """With the next free number; two callers at once get two numbers."""
        tenant, name = wanted.tenant, wanted.definition.name
        version = max(self.numbers(tenant, name), default=0) + 1
        while True:
            claim = replace(wanted, version=version)
            self._store.put(dataset.building_key(tenant, name, version), b"")
            if self._store.put_first(dataset.claim_key(tenant, name, version), encode(claim)):
                return claim
            version += 1

    def numbers(self, tenant: str, name: str) -> set[int]:
        prefix = dataset.versions_prefix(tenant, name)
        return {int(found.key.removeprefix(prefix).partition("/")[0]) for found in self._store.list(prefix)}

    def newest(self, tenant: str) -> dict[str, int]:
        """The newest version of each dataset, by name."""
        prefix = dataset.datasets_prefix(tenant)
        found: dict[str, int] = {}
        for stored in self._store.list(prefix):
            name, _, version, _ = stored.key.removeprefix(prefix).split("/")
            found[name] = max(found.get(name, 0), int(version))
        return found

    def find_claim(self, tenant: str, name: str, version: int) -> Claim | None:
        try:
            return decode(Claim, self._store.get(dataset.claim_key(tenant, name, version)))
        except ObjectNotFound:
            return None

    def find_outcome(self, tenant: str, name: str, version: int) -> VersionOutcome | None:
        """None while it is being made."""
        key = dataset.outcome_key(tenant, name, version)
        outcome = self._outcomes.get(key)
        if outcome is None:
            try:
                outcome = decode(VersionOutcome, self._store.get(key))
            except ObjectNotFound:
                return None
            self._outcomes[key] = outcome
            if len(self._outcomes) > OUTCOMES_KEPT:
                self._outcomes.popitem(last=False)
        return outcome

    def put_file(self, tenant: str, written: HashedFile) -> str:
        """The key of the file, which is there when this returns."""
        key = dataset.file_key(tenant, written.sha256)
        if not self._store.exists(key):
            written.file.seek(0)
            self._store.put_verified(key, written.file, written.size_bytes, written.sha256, MANIFEST_TYPE)
        return key

    def end(self, claim: Claim, outcome: VersionOutcome) -> VersionOutcome:
        """The outcome that stands: this one if it came first, otherwise the one that did."""
        tenant, name, version = claim.tenant, claim.definition.name, claim.version
        if self._store.put_first(dataset.outcome_key(tenant, name, version), encode(outcome)):
            return outcome
        return decode(VersionOutcome, self._store.get(dataset.outcome_key(tenant, name, version)))

    def remember(self, assembled: DatasetAssembled) -> None:
        """What is announced stands in the store too: a catalogue that was lost reads it there."""
        self._store.put_first(
            identity.assembled_key(assembled.tenant, assembled.name, assembled.version), encode(assembled)
        )

    def unfinished(self) -> Iterator[tuple[str, str, int]]:
        """Tenant, name and number of each version that is marked as being made."""
        for found in self._store.list(dataset.BUILDING_PREFIX):
            tenant, name, version = found.key.removeprefix(dataset.BUILDING_PREFIX).split("/")
            yield tenant, name, int(version)

    def unmark(self, tenant: str, name: str, version: int) -> None:
        self._store.delete(dataset.building_key(tenant, name, version))
