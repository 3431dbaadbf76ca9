"""The files of a published version are made once more, from its canonical rows, and must be the same bytes.

They are made where they were: files that were lost are there again afterwards.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.datasets import DatasetShardRequested
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.errors import ObjectNotFound, Poison, Refused
from ai2text.training_orchestrator.advance_shards import AdvanceShards
from ai2text.training_orchestrator.check_foreign import CheckForeign
from ai2text.training_orchestrator.dataset import Claim, DatasetFile, RebuildOutcome, VersionOutcome
from ai2text.training_orchestrator.making import Making
from ai2text.training_orchestrator.plans import Plans
from ai2text.training_orchestrator.rebuilds import Rebuilds
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.versions import Versions
from ai2text.training_orchestrator.write_version import WrittenVersion, write_version

log = structlog.get_logger()

NAMED = 20


@dataclass(frozen=True, slots=True)
class RebuildDataset:
    """The use case with what it needs."""

    versions: Versions
    rebuilds: Rebuilds
    plans: Plans
    files: VersionFiles
    shards: AdvanceShards
    foreign: CheckForeign
    clock: Clock

    async def rebuild_dataset(self, work: DatasetShardRequested) -> None:
        """Returns when the step is done, and after the last one the rebuild's outcome stands; may be repeated."""
        claim = await asyncio.to_thread(self.versions.find_claim, work.tenant, work.name, work.version)
        if claim is None or await asyncio.to_thread(self.rebuilds.find, claim, work.rebuild) is None:
            raise Poison("unknown_rebuild", f"Nobody has asked for rebuild {work.rebuild} of {work.name}.")
        if await asyncio.to_thread(self.rebuilds.find_outcome, claim, work.rebuild) is None:
            outcome = await self._compared_or_failed(claim, work)
            if outcome is not None:
                await asyncio.to_thread(self.rebuilds.end, claim, work.rebuild, outcome)
                log.info("dataset_rebuilt", name=work.name, version=work.version, status=outcome.status)
            elif await asyncio.to_thread(self.rebuilds.find_outcome, claim, work.rebuild) is None:
                return
        await self._tidy(claim, work)

    async def give_up(self, work: DatasetShardRequested, reason: Reason) -> None:
        """Before the work is dead-lettered."""
        claim = await asyncio.to_thread(self.versions.find_claim, work.tenant, work.name, work.version)
        if claim:
            await asyncio.to_thread(self.rebuilds.end, claim, work.rebuild, self._failed(reason))
            await self._tidy(claim, work)

    async def _tidy(self, claim: Claim, work: DatasetShardRequested) -> None:
        version = work.tenant, work.name, work.version
        await asyncio.to_thread(self.files.erase_leftovers, *version)
        await asyncio.to_thread(self.plans.erase_shards_of_rebuild, claim, work.rebuild)
        await asyncio.to_thread(self.versions.unmark, *version, work.rebuild)

    async def _compared_or_failed(self, claim: Claim, work: DatasetShardRequested) -> RebuildOutcome | None:
        try:
            return await self._compared(claim, work)
        except Refused as exc:
            return self._failed(Reason(code=exc.code, detail=exc.detail))
        except ObjectNotFound as exc:
            return self._failed(Reason(code="rows_missing", detail=f"What the version was made from is gone: {exc}."))

    def _failed(self, reason: Reason) -> RebuildOutcome:
        return RebuildOutcome(status=DatasetStatus.FAILED, error=reason, ended_at=self.clock())

    async def _compared(self, claim: Claim, work: DatasetShardRequested) -> RebuildOutcome | None:
        """None while shards are missing."""
        before = await asyncio.to_thread(self.rebuildable, claim)
        plan = await asyncio.to_thread(self.plans.find, claim, before.plan or 0)
        making = Making(claim=claim, plan=plan, rebuild=work.rebuild)
        if work.shard is not None and not await self.shards.make(making, work.shard):
            raise _withdrawn(claim)
        if await self._waits(making, work):
            return None
        await asyncio.to_thread(self.foreign.check_foreign, making)
        written = await asyncio.to_thread(write_version, self.files, making, self.plans.shards(making))
        differing = _differing(before, written)
        if differing:
            return self._failed(_why(differing))
        return RebuildOutcome(status=DatasetStatus.PUBLISHED, ended_at=self.clock())

    async def _waits(self, making: Making, work: DatasetShardRequested) -> bool:
        """For shards; the first message asks for them."""
        if work.shard is None:
            return await self.shards.request_missing(making)
        return bool(await asyncio.to_thread(self.plans.missing, making))

    def rebuildable(self, claim: Claim) -> VersionOutcome:
        """Raises Refused for what cannot be made once more. Blocking."""
        version = claim.tenant, claim.definition.name, claim.version
        if self.versions.find_withdrawal(*version):
            raise _withdrawn(claim)
        outcome = self.versions.find_outcome(*version)
        if outcome is None or outcome.status is not DatasetStatus.PUBLISHED:
            raise Refused("not_published", f"Version {claim.version} is not published: only what is can be made again.")
        if outcome.plan is None:
            raise Refused(
                "no_plan", f"Version {claim.version} was made before versions were pinned: build a new one instead."
            )
        return outcome


def _withdrawn(claim: Claim) -> Refused:
    return Refused(
        "withdrawn",
        f"Version {claim.version} of {claim.definition.name} holds a recording that was erased: build a new one.",
    )


def _differing(before: VersionOutcome, after: WrittenVersion) -> list[str]:
    """Paths of files that are not the same in both."""
    first, second = _digests(before.files, before.audio), _digests(after.files, after.audio)
    return sorted(path for path in first.keys() | second.keys() if first.get(path) != second.get(path))


def _digests(files: Iterable[DatasetFile], audio: DatasetFile | None) -> dict[str, str]:
    return {file.path: file.sha256 for file in files} | ({"audio/": audio.sha256} if audio else {})


def _why(differing: list[str]) -> Reason:
    more = f" and {len(differing) - NAMED} more" if len(differing) > NAMED else ""
    return Reason(
        code="differs",
        detail=f"{', '.join(differing[:NAMED])}{more} came out otherwise than in the version, which stays as it is: "
        "another release of this program, or of its encoders, made it.",
    )
