"""Somebody asks for a dataset: its next version is claimed, and the work on it announced."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import structlog

from ai2text.common import subjects
from ai2text.common.clock import Clock, stopped_within
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.datasets import DatasetShardRequested
from ai2text.common.contracts.definition import Definition
from ai2text.common.contracts.inside import Caller
from ai2text.common.errors import Poison, Unavailable
from ai2text.common.jetstream import Broker
from ai2text.training_orchestrator import requested
from ai2text.training_orchestrator.allowed_training import check_allowed
from ai2text.training_orchestrator.catalogue import Catalogue
from ai2text.training_orchestrator.dataset import Claim, Rebuild, checked_name
from ai2text.training_orchestrator.rebuilds import Rebuilds
from ai2text.training_orchestrator.settings import TrainingSettings
from ai2text.training_orchestrator.versions import Versions

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RequestDataset:
    """The use case with what it needs."""

    versions: Versions
    rebuilds: Rebuilds
    catalogue: Catalogue
    broker: Broker
    clock: Clock
    training: TrainingSettings

    async def request_dataset(self, caller: Caller, definition: Definition) -> Claim:
        """Returns when the version's number is taken and the work on it announced. Raises Refused, Unavailable."""
        checked_name(definition.name)
        if definition.training:
            check_allowed(definition.training, caller.tenant, self.training)
        growing = definition.trigger is not None
        wanted = Claim(
            tenant=caller.tenant,
            definition=definition,
            version=0,
            requested_by=caller.subject,
            created_at=self.clock(),
            catalogue=await self.catalogue.size(caller.tenant, caller.request_id) if growing else None,
        )
        claim = await asyncio.to_thread(self.versions.claim, wanted)
        log.info("dataset_claimed", tenant=claim.tenant, name=definition.name, version=claim.version)
        await self.broker.publish(requested.next_step(claim))
        return claim

    async def request_rebuild(self, caller: Caller, version: Claim) -> Rebuild:
        """Likewise, of a version that can be made once more."""
        wanted = Rebuild(number=0, requested_by=caller.subject, created_at=self.clock())
        rebuild = await asyncio.to_thread(self.rebuilds.claim, version, wanted)
        log.info("rebuild_claimed", tenant=version.tenant, name=version.definition.name, version=version.version)
        await self.broker.publish(requested.next_step(version, rebuild.number))
        return rebuild

    async def request_unfinished(self, stop: asyncio.Event, every_seconds: float) -> None:
        """Runs until `stop`: a version on which nobody works any more is asked for again.

        Whoever claimed it or took a shard of it died, or the queue was lost.
        """
        while not stop.is_set():
            try:
                await self._request_unfinished_once()
            except Unavailable as exc:
                log.warning("unfinished_datasets_postponed", error=str(exc))
            await stopped_within(stop, every_seconds)

    async def _request_unfinished_once(self) -> None:
        in_hand = await self._in_hand()
        for tenant, name, version, rebuild in await asyncio.to_thread(lambda: list(self.versions.unfinished())):
            claim = await asyncio.to_thread(self.versions.find_claim, tenant, name, version)
            if claim and (tenant, name, version, rebuild) not in in_hand:
                await self.broker.publish(requested.next_step(claim, rebuild))

    async def _in_hand(self) -> set[tuple[str, str, int, int]]:
        """Versions of which some work is in the queue, waiting or being done."""
        found = set[tuple[str, str, int, int]]()
        async for content in self.broker.kept(subjects.WORK, subjects.DATASET_SHARD_REQUESTED):
            with suppress(Poison):  # dead-lettered by whoever takes it
                work = decode(DatasetShardRequested, content)
                found.add((work.tenant, work.name, work.version, work.rebuild))
        return found
