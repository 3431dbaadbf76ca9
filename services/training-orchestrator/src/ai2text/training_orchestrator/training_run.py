"""What a training run is: where it stands, and how it changes. No I/O here."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import TRAINING_ENDS, TrainingStatus
from ai2text.common.errors import Refused

FOLLOWED_PREFIX = ".ai2text/training-runs/"
"""One small mark for each run that has not ended, and for each that begins when its version is published."""


class RunConflict(Refused):
    """What is there says otherwise; answered with 409."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which run."""

    tenant: str
    name: str
    version: int
    run: int = 1
    """Counts from 1 for each version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutput:
    """`path` is relative to the run's outputs, or a URI elsewhere as it was reported."""

    path: str
    bytes: int | None = None
    etag: str | None = None
    """Of the object store, where it lies there."""
    sha256: str | None = None
    """Where whoever trained has said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One object, which each change replaces only if it is still what the change was made from."""

    place: Place
    run_id: str
    """Drawn when it begins: whatever is named after it elsewhere is named as often as one likes, and never twice."""
    status: TrainingStatus = TrainingStatus.REQUESTED
    requested_at: datetime
    announced: bool = False
    handed_to: str | None = None
    """The Job, the orchestrator that holds the process, or `listeners`; None before."""
    beats: int = 0
    """That the orchestrator which holds the process has given: one that gives no more is gone."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: Reason | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    outputs: tuple[RunOutput, ...] = ()

    @property
    def ended(self) -> bool:
        return self.status in TRAINING_ENDS


def running(run: Run, at: datetime) -> Run:
    return replace(run, status=TrainingStatus.RUNNING, started_at=run.started_at or at)


def ended(run: Run, status: TrainingStatus, at: datetime, error: Reason | None = None) -> Run:
    return replace(run, status=status, ended_at=at, error=error)


def failed(run: Run, at: datetime, code: str, detail: str) -> Run:
    return ended(run, TrainingStatus.FAILED, at, Reason(code=code, detail=detail))


def version_prefix(place: Place) -> str:
    return f"{place.tenant}/dataset-runs/{place.name}/{place.version:06}/"


def run_key(place: Place) -> str:
    return f"{version_prefix(place)}{place.run:06}.json"


def outputs_prefix(place: Place) -> str:
    return f"{version_prefix(place)}{place.run:06}/outputs/"


def followed_key(place: Place) -> str:
    return f"{FOLLOWED_PREFIX}{place.tenant}/{place.name}/{place.version:06}/{place.run:06}"


def place_of(followed: str) -> Place:
    tenant, name, version, run = followed.removeprefix(FOLLOWED_PREFIX).split("/")
    return Place(tenant=tenant, name=name, version=int(version), run=int(run))
