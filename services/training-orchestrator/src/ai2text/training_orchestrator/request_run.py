"""Somebody wants a version to be trained on once more."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.states import DatasetStatus
from ai2text.training_orchestrator.runs import Runs
from ai2text.training_orchestrator.training_run import Place, Run, RunConflict
from ai2text.training_orchestrator.versions import Versions

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RequestRun:
    """The use case with what it needs."""

    runs: Runs
    versions: Versions
    clock: Clock

    async def request_run(self, tenant: str, name: str, version: int) -> Run | None:
        """The next run, which stands; None where there is no such version. Raises RunConflict."""
        return await asyncio.to_thread(self._request, tenant, name, version)

    def _request(self, tenant: str, name: str, version: int) -> Run | None:
        """Blocking."""
        claim = self.versions.find_claim(tenant, name, version)
        if claim is None:
            return None
        outcome = self.versions.find_outcome(tenant, name, version)
        withdrawn = self.versions.find_withdrawal(tenant, name, version)
        if outcome is None or outcome.status is not DatasetStatus.PUBLISHED or withdrawn:
            raise RunConflict("not_published", f"Version {version} of {name} is not published.")
        if claim.definition.training is None:
            raise RunConflict("no_training", f"The definition of version {version} of {name} has no training.")
        runs = self.runs.of_version(tenant, name, version)
        if not runs or not runs[-1].ended:
            raise RunConflict("run_under_way", f"A run on version {version} of {name} has not ended yet.")
        place = Place(tenant=tenant, name=name, version=version, run=len(runs) + 1)
        run = Run(place=place, run_id=str(uuid4()), requested_at=self.clock())
        self.runs.mark(place)
        if not self.runs.begin(run):
            raise RunConflict("run_under_way", f"Somebody else has asked for another run on version {version}.")
        log.info("run_asked_for", tenant=tenant, name=name, version=version, run=place.run)
        return run
