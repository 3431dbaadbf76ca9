"""Whoever trains outside says how it goes."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from ai2text.common.clock import Clock
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import TrainingStatus
from ai2text.training_orchestrator.runs import Runs
from ai2text.training_orchestrator.training_run import Place, Run, RunConflict, RunOutput, ended, running
from ai2text.training_orchestrator.versions import Versions

Metric = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedOutput:
    """`path` may be a URI."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    path: Annotated[str, Field(min_length=1, max_length=1024)]
    sha256: Annotated[str | None, Field(pattern="^[0-9a-f]{64}$")] = None
    bytes: Annotated[int | None, Field(ge=0, lt=1 << 63)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    status: Literal[TrainingStatus.RUNNING, TrainingStatus.SUCCEEDED, TrainingStatus.FAILED, TrainingStatus.CANCELLED]
    detail: Annotated[str, Field(max_length=4096)] = ""
    """Why, where it failed or was cancelled."""
    outputs: Annotated[tuple[ReportedOutput, ...], Field(max_length=1000)] = ()
    metrics: Annotated[dict[Annotated[str, Field(min_length=1, max_length=128)], Metric], Field(max_length=256)] = (
        field(default_factory=dict)
    )
    """Laid over those that were reported before."""


@dataclass(frozen=True, slots=True)
class ReportRun:
    """The use case with what it needs."""

    runs: Runs
    versions: Versions
    clock: Clock

    async def report_run(self, place: Place, report: Report) -> Run | None:
        """The run as it stands; None where there is none. Raises RunConflict."""
        return await asyncio.to_thread(self._report, place, report)

    def _report(self, place: Place, report: Report) -> Run | None:
        """Blocking."""
        while found := self.runs.find(place):
            run, etag = found
            if run.ended and run.status is report.status:
                return run
            self._check(run, report)
            if stands := self.runs.change(self._changed(run, report), etag):
                return stands
        return None

    def _check(self, run: Run, report: Report) -> None:
        place = run.place
        claim = self.versions.find_claim(place.tenant, place.name, place.version)
        if claim is None or claim.definition.training is None or claim.definition.training.kind != "event":
            raise RunConflict("run_followed", "This run is followed here: only runs of the kind event are reported.")
        if run.ended:
            raise RunConflict("run_ended", f"This run has {run.status} already, and cannot be {report.status} now.")

    def _changed(self, run: Run, report: Report) -> Run:
        outputs = tuple(RunOutput(path=one.path, sha256=one.sha256, bytes=one.bytes) for one in report.outputs)
        told = replace(run, metrics={**run.metrics, **report.metrics}, outputs=outputs or run.outputs)
        if report.status is TrainingStatus.RUNNING:
            return running(told, self.clock())
        good = report.status is TrainingStatus.SUCCEEDED
        error = None if good else Reason(code="reported", detail=report.detail or "Whoever trained has not said why.")
        return ended(told, report.status, self.clock(), error)
