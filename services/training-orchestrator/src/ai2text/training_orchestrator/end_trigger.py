"""Somebody ends the trigger of a dataset: no further versions are made by themselves."""

import asyncio
from dataclasses import dataclass

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.inside import Caller
from ai2text.training_orchestrator.dataset import TriggerEnd, checked_name
from ai2text.training_orchestrator.versions import Versions

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class EndTrigger:
    """The use case with what it needs."""

    versions: Versions
    clock: Clock

    async def end_trigger(self, caller: Caller, name: str) -> bool:
        """Whether there was one. A version that it has claimed already is made. Raises Refused, Unavailable."""
        return await asyncio.to_thread(self._end, caller, checked_name(name))

    def _end(self, caller: Caller, name: str) -> bool:
        """Blocking. Looks again, for in the meantime it may have claimed another version."""
        ended = False
        while claim := self.versions.standing(caller.tenant, name):
            self.versions.end_trigger(claim, TriggerEnd(ended_by=caller.subject, ended_at=self.clock()))
            log.info("trigger_ended", tenant=caller.tenant, name=name, version=claim.version)
            ended = True
        return ended
