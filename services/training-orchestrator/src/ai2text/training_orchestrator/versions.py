"""Datasets in the object store: numbered versions, each claimed once and ended once. Blocking."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar
from uuid import uuid4

from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.datasets import DatasetAssembled
from ai2text.common.errors import ObjectNotFound
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.dataset import Claim, TriggerEnd, VersionOutcome, Withdrawal
from ai2text.training_orchestrator.training_run import Place, followed_key

KEPT = 16
"""What is written beside a version never changes, and every file of a version is looked up in it."""
Written = TypeVar("Written", Claim, VersionOutcome, Withdrawal, TriggerEnd)


class Versions:
    """Safe to use from several threads; what it returns is what stands."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._kept: OrderedDict[str, Claim | VersionOutcome | Withdrawal | TriggerEnd] = OrderedDict()

    def claim(self, wanted: Claim) -> Claim:
        """With the next free number; two callers at once get two numbers."""
        tenant, name = wanted.tenant, wanted.definition.name
        version = max(self.numbers(tenant, name), default=0) + 1
        while True:
            claim = replace(wanted, version=version)
            if self.claim_number(claim):
                return claim
            version += 1

    def claim_number(self, claim: Claim) -> bool:
        """Whether it was free. The marks come first, and mean nothing without a claim."""
        tenant, name, version = claim.tenant, claim.definition.name, claim.version
        self._store.put(dataset.building_key(tenant, name, version), b"")
        if claim.definition.trigger:
            self._store.put(dataset.triggered_key(tenant, name), b"")
        if claim.definition.training:
            self._store.put(followed_key(Place(tenant=tenant, name=name, version=version)), b"")
        own = replace(claim, attempt=uuid4().hex)
        if self._store.put_first(dataset.claim_key(tenant, name, version), encode(own)):
            return True
        standing = self.find_claim(tenant, name, version)
        return standing is not None and standing.attempt == own.attempt

    def numbers(self, tenant: str, name: str, since: int = 0) -> set[int]:
        """Those after `since`."""
        prefix = dataset.versions_prefix(tenant, name)
        listed = self._store.written(prefix, after=f"{prefix}{since:06}/~")  # beyond all that is beside that claim
        return {int(found.key.removeprefix(prefix).partition("/")[0]) for found in listed}

    def newest(self, tenant: str) -> dict[str, int]:
        """The newest version of each dataset, by name."""
        prefix = dataset.datasets_prefix(tenant)
        found: dict[str, int] = {}
        for stored in self._store.written(prefix):
            name, _, version, _ = stored.key.removeprefix(prefix).split("/")
            found[name] = max(found.get(name, 0), int(version))
        return found

    def standing(self, tenant: str, name: str, since: int = 0) -> Claim | None:
        """That of the newest version, if its trigger makes further ones; `since` is a version that there is."""
        newest = max(self.numbers(tenant, name, since), default=since)
        claim = self.find_claim(tenant, name, newest)
        if claim is None or claim.definition.trigger is None:
            return None
        # One that was triggered in the moment of the end may come after it.
        looked_at = (newest - 1, newest) if claim.triggered else (newest,)
        ended = any(self._find(TriggerEnd, dataset.trigger_end_key(tenant, name, version)) for version in looked_at)
        return None if ended else claim

    def end_trigger(self, claim: Claim, end: TriggerEnd) -> None:
        """May be repeated: the first one stands."""
        key = dataset.trigger_end_key(claim.tenant, claim.definition.name, claim.version)
        self._store.put_first(key, encode(end))

    def triggered(self) -> Iterator[tuple[str, str]]:
        """Tenant and name of each dataset that is marked as having, or having had, a trigger."""
        for found in self._store.list(dataset.TRIGGERED_PREFIX):
            tenant, name = found.key.removeprefix(dataset.TRIGGERED_PREFIX).split("/")
            yield tenant, name

    def find_claim(self, tenant: str, name: str, version: int) -> Claim | None:
        return self._find(Claim, dataset.claim_key(tenant, name, version))

    def find_outcome(self, tenant: str, name: str, version: int) -> VersionOutcome | None:
        """None while it is being made."""
        return self._find(VersionOutcome, dataset.outcome_key(tenant, name, version))

    def find_withdrawal(self, tenant: str, name: str, version: int) -> Withdrawal | None:
        return self._find(Withdrawal, dataset.withdrawal_key(tenant, name, version))

    def _find(self, kind: type[Written], key: str) -> Written | None:
        kept = self._kept.get(key)
        if isinstance(kept, kind):
            return kept
        try:
            found = decode(kind, self._store.get(key))
        except ObjectNotFound:
            return None
        self._kept[key] = found
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found

    def end(self, claim: Claim, outcome: VersionOutcome) -> VersionOutcome:
        """The outcome that stands: this one if it came first, otherwise the one that did."""
        tenant, name, version = claim.tenant, claim.definition.name, claim.version
        if self._store.put_first(dataset.outcome_key(tenant, name, version), encode(outcome)):
            return outcome
        return decode(VersionOutcome, self._store.get(dataset.outcome_key(tenant, name, version)))

    def withdraw(self, tenant: str, name: str, version: int, withdrawal: Withdrawal) -> None:
        """May be repeated: the first one stands."""
        self._store.put_first(dataset.withdrawal_key(tenant, name, version), encode(withdrawal))

    def remember(self, assembled: DatasetAssembled) -> None:
        """What is announced stands in the store too: a catalogue that was lost reads it there."""
        self._store.put_first(
            identity.assembled_key(assembled.tenant, assembled.name, assembled.version), encode(assembled)
        )

    def unfinished(self) -> Iterator[tuple[str, str, int, int]]:
        """Tenant, name, number and rebuild, or 0, of each version that is marked as being made."""
        for found in self._store.list(dataset.BUILDING_PREFIX):
            tenant, name, version, *rebuild = found.key.removeprefix(dataset.BUILDING_PREFIX).split("/")
            yield tenant, name, int(version), int(rebuild[0]) if rebuild else 0

    def unmark(self, tenant: str, name: str, version: int, rebuild: int = 0) -> None:
        self._store.delete(dataset.building_key(tenant, name, version, rebuild))
