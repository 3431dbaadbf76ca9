"""A claimed version becomes files, and one outcome object that makes all of them visible at once.

Each message is one step: a plan, a shard of it, or the end. Whoever sees that no shard is missing any more goes on.
"""

import asyncio
from dataclasses import dataclass

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.datasets import DatasetAssembled, DatasetShardRequested
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.errors import Poison, Refused
from ai2text.common.jetstream import Broker
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.advance_shards import AdvanceShards
from ai2text.training_orchestrator.dataset import Claim, VersionOutcome
from ai2text.training_orchestrator.making import Making
from ai2text.training_orchestrator.plan_version import PlanVersion
from ai2text.training_orchestrator.plans import Plans
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.versions import Versions
from ai2text.training_orchestrator.write_version import write_version

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AssembleDataset:
    """The use case with what it needs."""

    versions: Versions
    plans: Plans
    files: VersionFiles
    plan: PlanVersion
    shards: AdvanceShards
    broker: Broker
    clock: Clock

    async def assemble_dataset(self, work: DatasetShardRequested) -> None:
        """Returns when the step is done, and after the last one the version's outcome announced; may be repeated."""
        claim = await asyncio.to_thread(self.versions.find_claim, work.tenant, work.name, work.version)
        if claim is None:
            raise Poison("unknown_version", f"Nobody has claimed version {work.version} of {work.name}.")
        outcome = await asyncio.to_thread(self.versions.find_outcome, work.tenant, work.name, work.version)
        if outcome is None:
            outcome = await self._advanced(claim, work)
            if outcome is None:
                return
        await self._erase_leftovers(work, outcome)
        await self._announce(claim, outcome)
        await asyncio.to_thread(self.versions.unmark, work.tenant, work.name, work.version)

    async def _advanced(self, claim: Claim, work: DatasetShardRequested) -> VersionOutcome | None:
        """What stands after the step; by others too, who have ended the version before something was written here."""
        made = await self._made_or_failed(claim, work)
        if made is None:
            return await asyncio.to_thread(self.versions.find_outcome, work.tenant, work.name, work.version)
        outcome = await asyncio.to_thread(self.versions.end, claim, made)
        log.info("dataset_ended", name=work.name, version=work.version, status=outcome.status)
        return outcome

    async def give_up(self, work: DatasetShardRequested, reason: Reason) -> None:
        """Before the work is dead-lettered its version gets an end, so that nobody waits for it for ever."""
        claim = await asyncio.to_thread(self.versions.find_claim, work.tenant, work.name, work.version)
        if claim:
            outcome = await asyncio.to_thread(self.versions.end, claim, self._failed(reason))
            await self._erase_leftovers(work, outcome)
            await asyncio.to_thread(self.versions.unmark, work.tenant, work.name, work.version)

    async def _erase_leftovers(self, work: DatasetShardRequested, outcome: VersionOutcome) -> None:
        version = work.tenant, work.name, work.version
        await asyncio.to_thread(self.files.erase_leftovers, *version)
        await asyncio.to_thread(self.plans.erase_leftovers, *version, outcome)

    async def _made_or_failed(self, claim: Claim, work: DatasetShardRequested) -> VersionOutcome | None:
        try:
            return await self._made(claim, work)
        except Refused as exc:
            return self._failed(Reason(code=exc.code, detail=exc.detail))

    def _failed(self, reason: Reason) -> VersionOutcome:
        return VersionOutcome(status=DatasetStatus.FAILED, error=reason, ended_at=self.clock())

    async def _made(self, claim: Claim, work: DatasetShardRequested) -> VersionOutcome | None:
        """None while shards are missing. Planned anew when a recording that is in it was erased meanwhile."""
        plan = await asyncio.to_thread(self.plans.find_newest, claim) or await self.plan.plan_version(claim, 1)
        if work.shard is not None and not await self._is_last(Making(claim=claim, plan=plan), work):
            return None
        while True:
            if not await self.plan.holds_erased(claim, plan):
                making = Making(claim=claim, plan=plan)
                if await self.shards.request_missing(making):
                    return None
                outcome = await self._written(making)
                if not await self.plan.holds_erased(claim, plan):
                    return outcome
            log.info("dataset_begun_anew", name=claim.definition.name, version=claim.version)
            plan = await self.plan.plan_version(claim, plan.number + 1)

    async def _is_last(self, making: Making, work: DatasetShardRequested) -> bool:
        """Makes the shard, unless it is of a plan that was given up; whether there is nothing else to wait for."""
        if work.shard is None or work.plan != making.plan.number:
            return False
        if not await self.shards.make(making, work.shard):
            return True  # for a plan without what was erased
        return not await asyncio.to_thread(self.plans.missing, making)

    async def _written(self, making: Making) -> VersionOutcome:
        shards = self.plans.shards(making)
        written = await asyncio.to_thread(write_version, self.files, making, shards)
        log.debug("dataset_files_stored")
        plan = making.plan
        return VersionOutcome(
            status=DatasetStatus.PUBLISHED,
            files=written.files,
            audio=written.audio,
            references_key=plan.references_key,
            sources_key=plan.sources.key,
            report=plan.report,
            plan=plan.number,
            ended_at=self.clock(),
        )

    async def _announce(self, claim: Claim, outcome: VersionOutcome) -> None:
        if outcome.report is None:
            return
        name, version = claim.definition.name, claim.version
        assembled = DatasetAssembled(
            tenant=claim.tenant,
            name=name,
            version=version,
            version_key=dataset.outcome_key(claim.tenant, name, version),
            references_key=outcome.references_key,
            rows=outcome.report.rows,
            duration_seconds=outcome.report.duration_seconds,
            assembled_at=outcome.ended_at,
        )
        await asyncio.to_thread(self.versions.remember, assembled)
        await self.broker.publish(assembled)
        log.debug("dataset_announced", name=name, version=version)
