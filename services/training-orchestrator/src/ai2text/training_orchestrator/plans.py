"""Plans and the outcomes of their shards, in the object store: the first one that is written stands. Blocking."""

from collections.abc import Iterator

from ai2text.common.contracts.codec import decode, encode
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.dataset import Claim, VersionOutcome
from ai2text.training_orchestrator.making import Making, rebuild_of
from ai2text.training_orchestrator.plan import Plan, ShardOutcome


class Plans:
    """Safe to use from several threads and by several workers."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def find(self, claim: Claim, number: int) -> Plan:
        """Raises ObjectNotFound."""
        return decode(Plan, self._store.get(self._key(claim, number)))

    def find_newest(self, claim: Claim) -> Plan | None:
        prefix = dataset.plans_prefix(claim.tenant, claim.definition.name, claim.version)
        newest = max((found.key for found in self._store.written(prefix)), default=None)
        return decode(Plan, self._store.get(newest)) if newest else None

    def keep(self, claim: Claim, plan: Plan) -> Plan:
        """What stands under its number: this one if it came first."""
        key = self._key(claim, plan.number)
        return plan if self._store.put_first(key, encode(plan)) else decode(Plan, self._store.get(key))

    def _key(self, claim: Claim, number: int) -> str:
        return dataset.plan_key(claim.tenant, claim.definition.name, claim.version, number)

    def missing(self, making: Making) -> list[int]:
        """Shards without an outcome."""
        prefix = making.shards_prefix
        ended = {int(found.key.removeprefix(prefix).partition(".")[0]) for found in self._store.written(prefix)}
        return [number for number in range(len(making.plan.shards)) if number not in ended]

    def has_ended(self, making: Making, number: int) -> bool:
        return self._store.exists(making.shard_key(number))

    def end_shard(self, making: Making, number: int, outcome: ShardOutcome) -> None:
        self._store.put_first(making.shard_key(number), encode(outcome))

    def shards(self, making: Making) -> Iterator[ShardOutcome]:
        """Of all of them, one after the other. Raises ObjectNotFound."""
        for number in range(len(making.plan.shards)):
            yield decode(ShardOutcome, self._store.get(making.shard_key(number)))

    def erase_leftovers(self, tenant: str, name: str, version: int, outcome: VersionOutcome) -> None:
        """Once the version has ended: all plans but its own, and what its shards have told."""
        own = dataset.plan_key(tenant, name, version, outcome.plan) if outcome.plan else None
        for found in self._store.list(dataset.plans_prefix(tenant, name, version)):
            if found.key != own:
                self._store.erase(found.key)
        for found in self._store.list(dataset.shards_prefix(tenant, name, version)):
            if rebuild_of(found.key) == 0:
                self._store.erase(found.key)

    def erase_shards_of_rebuild(self, claim: Claim, rebuild: int) -> None:
        for found in self._store.list(dataset.shards_prefix(claim.tenant, claim.definition.name, claim.version)):
            if rebuild_of(found.key) == rebuild:
                self._store.erase(found.key)
