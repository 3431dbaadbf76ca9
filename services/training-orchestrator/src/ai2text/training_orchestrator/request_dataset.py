"""Somebody asks for a dataset: its next version is claimed, and the work on it announced."""

import asyncio
from dataclasses import dataclass

import structlog

from ai2text.common.clock import Clock, stopped_within
from ai2text.common.contracts.datasets import DatasetShardRequested
from ai2text.common.contracts.definition import Definition
from ai2text.common.contracts.inside import Caller
from ai2text.common.errors import Unavailable
from ai2text.common.jetstream import Broker
from ai2text.training_orchestrator.dataset import Claim, checked_name
from ai2text.training_orchestrator.versions import Versions

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RequestDataset:
    """The use case with what it needs."""

    versions: Versions
    broker: Broker
    clock: Clock

    async def request_dataset(self, caller: Caller, definition: Definition) -> Claim:
        """Returns when the version's number is taken and the work on it announced. Raises Refused, Unavailable."""
        checked_name(definition.name)
        wanted = Claim(
            tenant=caller.tenant,
            definition=definition,
            version=0,
            requested_by=caller.subject,
            created_at=self.clock(),
        )
        claim = await asyncio.to_thread(self.versions.claim, wanted)
        log.info("dataset_claimed", tenant=claim.tenant, name=definition.name, version=claim.version)
        await self.broker.publish(_work_on(claim))
        return claim

    async def request_unfinished(self, stop: asyncio.Event, every_seconds: float) -> None:
        """Runs until `stop`: a version that was claimed by somebody who then died is asked for again."""
        while not stop.is_set():
            try:
                await self._request_unfinished_once()
            except Unavailable as exc:
                log.warning("unfinished_datasets_postponed", error=str(exc))
            await stopped_within(stop, every_seconds)

    async def _request_unfinished_once(self) -> None:
        for tenant, name, version in await asyncio.to_thread(lambda: list(self.versions.unfinished())):
            claim = await asyncio.to_thread(self.versions.find_claim, tenant, name, version)
            ended = await asyncio.to_thread(self.versions.find_outcome, tenant, name, version)
            if ended:
                await asyncio.to_thread(self.versions.unmark, tenant, name, version)
            elif claim:
                await self.broker.publish(_work_on(claim))


def _work_on(claim: Claim) -> DatasetShardRequested:
    return DatasetShardRequested(
        tenant=claim.tenant, name=claim.definition.name, version=claim.version, requested_at=claim.created_at
    )
