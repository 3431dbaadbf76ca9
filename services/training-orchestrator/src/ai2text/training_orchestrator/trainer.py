"""What a run is handed to."""

from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from ai2text.common.contracts.training import CommandTraining, EventTraining, KubernetesTraining
from ai2text.training_orchestrator.training_run import Run

Kind_contra = TypeVar("Kind_contra", KubernetesTraining, CommandTraining, EventTraining, contravariant=True)


class Trainer(Protocol[Kind_contra]):
    """Each call may be repeated by anybody who has seen the same state; Unavailable if nothing is known now."""

    async def start(self, run: Run, training: Kind_contra) -> Run:
        """The run with `handed_to`. Raises Refused for what can never be started."""

    async def look(self, run: Run, training: Kind_contra) -> Run:
        """The run as it is by now."""


def is_overdue(run: Run, timeout_hours: float, now: datetime) -> bool:
    return now - (run.started_at or run.requested_at) > timedelta(hours=timeout_hours)
