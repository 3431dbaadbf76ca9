"""A version while it is made for the first time, or once more. No I/O here."""

from dataclasses import dataclass

from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.dataset import Claim
from ai2text.training_orchestrator.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    claim: Claim
    plan: Plan
    rebuild: int = 0
    """From 1 when it is made once more; then nothing is taken for made that was made before."""

    @property
    def shards_prefix(self) -> str:
        """Before the outcomes of its shards."""
        prefix = dataset.shards_prefix(self.claim.tenant, self.claim.definition.name, self.claim.version)
        return f"{prefix}{self.plan.number:03}/{self.rebuild:03}/"

    def shard_key(self, number: int) -> str:
        return f"{self.shards_prefix}{number:06}.json"


def rebuild_of(shard_key: str) -> int:
    *_, rebuild, _ = shard_key.split("/")
    return int(rebuild)
