"""Each training run from the publication of its version to its end, step by step."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import structlog

from ai2text.common.clock import Clock, stopped_within
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import DatasetStatus, TrainingStatus
from ai2text.common.contracts.training import Training, TrainingEnded, TrainingRequested
from ai2text.common.errors import Refused, Unavailable
from ai2text.common.jetstream import Broker
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.allowed_training import check_allowed
from ai2text.training_orchestrator.runs import Runs
from ai2text.training_orchestrator.settings import TrainingSettings
from ai2text.training_orchestrator.trainer import Trainer
from ai2text.training_orchestrator.training_run import Place, Run, ended, failed, outputs_prefix, run_key
from ai2text.training_orchestrator.versions import Versions

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowRuns:
    """Any number may follow the same runs: every step is repeatable, and its result counts for the first of them."""

    settings: TrainingSettings
    runs: Runs
    versions: Versions
    trainers: Mapping[str, Trainer[Any]]
    """By the kind of training."""
    broker: Broker
    clock: Clock

    async def run(self, stop: asyncio.Event) -> None:
        while not await stopped_within(stop, self.settings.poll_seconds):
            try:
                await self.follow_runs()
            except Unavailable as exc:
                log.warning("runs_postponed", error=str(exc))

    async def follow_runs(self) -> None:
        """One that cannot go on now holds up no other. Raises Unavailable."""
        for place in await asyncio.to_thread(lambda: list(self.runs.marked())):
            try:
                await self._follow(place)
            except Unavailable as exc:
                log.warning("run_postponed", name=place.name, version=place.version, run=place.run, error=str(exc))

    async def _follow(self, place: Place) -> None:
        while await self._step(place):
            pass

    async def _step(self, place: Place) -> bool:
        """Whether it is further than before."""
        claim = await asyncio.to_thread(self.versions.find_claim, place.tenant, place.name, place.version)
        if claim is None:
            return False
        if claim.definition.training is None:
            await asyncio.to_thread(self.runs.unmark, place)
            return False
        found = await asyncio.to_thread(self.runs.find, place)
        if found is None:
            return await self._begin(place)
        run, etag = found
        if run.ended:
            await self._announce_end(run)
            return False
        changed = await self._advanced(run, claim.definition.training)
        if changed == run or await asyncio.to_thread(self.runs.change, changed, etag) is None:
            return False
        if changed.ended:
            log.info("run_ended", name=place.name, version=place.version, run=place.run, status=changed.status)
        return True

    async def _begin(self, place: Place) -> bool:
        """When its version is published; one that has failed or was withdrawn has no run."""
        outcome = await asyncio.to_thread(self.versions.find_outcome, place.tenant, place.name, place.version)
        if outcome is None:
            return False
        if outcome.status is not DatasetStatus.PUBLISHED or await self._is_withdrawn(place):
            await asyncio.to_thread(self.runs.unmark, place)
            return False
        log.debug("run_beginning", name=place.name, version=place.version, run=place.run)
        run = Run(place=place, run_id=str(uuid4()), requested_at=self.clock())
        begun = await asyncio.to_thread(self.runs.begin, run)
        log.info("run_begun", name=place.name, version=place.version, run=place.run, first=begun)
        return True

    async def _is_withdrawn(self, place: Place) -> bool:
        found = await asyncio.to_thread(self.versions.find_withdrawal, place.tenant, place.name, place.version)
        return found is not None

    async def _advanced(self, run: Run, training: Training) -> Run:
        if run.handed_to is not None:
            return await self.trainers[training.kind].look(run, training)
        if await self._is_withdrawn(run.place):
            why = Reason(code="version_withdrawn", detail="A recording in the version was erased before it began.")
            return ended(run, TrainingStatus.CANCELLED, self.clock(), why)
        if not run.announced:
            await self.broker.publish(_requested(run, training))
            log.debug("run_announced", name=run.place.name, version=run.place.version, run=run.place.run)
            return replace(run, announced=True)
        return await self._started(run, training)

    async def _started(self, run: Run, training: Training) -> Run:
        try:
            check_allowed(training, run.place.tenant, self.settings)
            return await self.trainers[training.kind].start(run, training)
        except Refused as exc:
            return failed(run, self.clock(), exc.code, exc.detail)

    async def _announce_end(self, run: Run) -> None:
        place = run.place
        await self.broker.publish(
            TrainingEnded(
                tenant=place.tenant,
                name=place.name,
                version=place.version,
                run=place.run,
                run_key=run_key(place),
                status=run.status,
                error=run.error,
                ended_at=run.ended_at or run.requested_at,
            )
        )
        log.debug("run_end_announced", name=place.name, version=place.version, run=place.run)
        await asyncio.to_thread(self.runs.unmark, place)


def _requested(run: Run, training: Training) -> TrainingRequested:
    place = run.place
    return TrainingRequested(
        tenant=place.tenant,
        name=place.name,
        version=place.version,
        run=place.run,
        kind=training.kind,
        version_key=dataset.outcome_key(place.tenant, place.name, place.version),
        outputs_prefix=outputs_prefix(place),
        requested_at=run.requested_at,
    )
