"""Looks at the datasets that have a trigger, and claims the next version of those that are due."""

import asyncio
from dataclasses import replace

import structlog

from ai2text.common.clock import Clock, stopped_within
from ai2text.common.errors import Unavailable
from ai2text.common.jetstream import Broker
from ai2text.training_orchestrator import requested
from ai2text.training_orchestrator.catalogue import Catalogue
from ai2text.training_orchestrator.dataset import Claim
from ai2text.training_orchestrator.due import due, wants_size
from ai2text.training_orchestrator.versions import Versions

log = structlog.get_logger()


class TriggerVersions:
    """Any number may run: of those that find the same version due, one gets the number that follows it."""

    def __init__(self, versions: Versions, catalogue: Catalogue, broker: Broker, clock: Clock) -> None:
        self._versions = versions
        self._catalogue = catalogue
        self._broker = broker
        self._clock = clock
        self._seen: dict[tuple[str, str], int] = {}
        """Newest versions, so that the next look lists what came after."""

    async def run(self, stop: asyncio.Event, every_seconds: float) -> None:
        while not await stopped_within(stop, every_seconds):
            try:
                await self.trigger_versions()
            except Unavailable as exc:
                log.warning("triggers_postponed", error=str(exc))

    async def trigger_versions(self) -> None:
        """Raises Unavailable."""
        for tenant, name in await asyncio.to_thread(lambda: list(self._versions.triggered())):
            newest = await asyncio.to_thread(self._finished, tenant, name)
            if newest:
                await self._trigger_if_due(newest)

    def _finished(self, tenant: str, name: str) -> Claim | None:
        """Blocking. The newest version, if its trigger stands and it is not being made any more."""
        claim = self._versions.standing(tenant, name, self._seen.get((tenant, name), 0))
        if claim is None:
            return None
        self._seen[tenant, name] = claim.version
        return claim if self._versions.find_outcome(tenant, name, claim.version) else None

    async def _trigger_if_due(self, newest: Claim) -> None:
        name, version, now = newest.definition.name, newest.version + 1, self._clock()
        if not wants_size(newest, now):
            return
        catalogue = await self._catalogue.size(newest.tenant, f"{name}@{version}")
        triggered = due(newest, catalogue, now)
        if triggered is None:
            return
        claim = replace(newest, version=version, created_at=now, catalogue=catalogue, triggered=triggered)
        if await asyncio.to_thread(self._versions.claim_number, claim):
            log.info("dataset_triggered", tenant=claim.tenant, name=name, version=version, by=triggered.by)
            await self._broker.publish(requested.next_step(claim))
