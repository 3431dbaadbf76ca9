"""What is said when work on a version is wanted. No I/O here."""

from datetime import datetime

from ai2text.common.contracts.datasets import DatasetShardRequested
from ai2text.training_orchestrator.dataset import Claim
from ai2text.training_orchestrator.making import Making


def next_step(claim: Claim, rebuild: int = 0) -> DatasetShardRequested:
    """Whatever is to be done next."""
    return DatasetShardRequested(
        tenant=claim.tenant,
        name=claim.definition.name,
        version=claim.version,
        rebuild=rebuild,
        requested_at=claim.created_at,
    )


def shard(making: Making, number: int, now: datetime) -> DatasetShardRequested:
    return DatasetShardRequested(
        tenant=making.claim.tenant,
        name=making.claim.definition.name,
        version=making.claim.version,
        rebuild=making.rebuild,
        plan=making.plan.number,
        shard=number,
        requested_at=now,
    )
