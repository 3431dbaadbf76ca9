"""Somebody else trains, who heard of it and reports: there is nothing to do but to wait, and not for ever."""

from dataclasses import dataclass, replace

from ai2text.common.clock import Clock
from ai2text.common.contracts.training import EventTraining
from ai2text.training_orchestrator.trainer import is_overdue
from ai2text.training_orchestrator.training_run import Run, failed

LISTENERS = "listeners"


@dataclass(frozen=True, slots=True)
class EventTrainer:
    clock: Clock

    async def start(self, run: Run, _: EventTraining) -> Run:
        return replace(run, handed_to=LISTENERS)

    async def look(self, run: Run, training: EventTraining) -> Run:
        now = self.clock()
        if not is_overdue(run, training.timeout_hours, now):
            return run
        return failed(run, now, "timed_out", f"Nobody has reported its end within {training.timeout_hours:g} hours.")
