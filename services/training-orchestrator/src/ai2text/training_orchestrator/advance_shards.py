"""The shards of a version: asked for, made by whoever takes them, and complete at some time."""

import asyncio
from dataclasses import dataclass

import structlog

from ai2text.common.clock import Clock
from ai2text.common.jetstream import Broker
from ai2text.training_orchestrator import requested
from ai2text.training_orchestrator.make_shard import MakeShard
from ai2text.training_orchestrator.making import Making
from ai2text.training_orchestrator.plans import Plans

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AdvanceShards:
    """The use case with what it needs."""

    plans: Plans
    shards: MakeShard
    broker: Broker
    clock: Clock

    async def request_missing(self, making: Making) -> bool:
        """Whether there are any. They are in the queue when this returns; one that was in it already is made once."""
        missing = await asyncio.to_thread(self.plans.missing, making)
        for number in missing:
            await self.broker.publish(requested.shard(making, number, self.clock()))
        if missing:
            log.debug("dataset_shards_requested", shards=len(missing))
        return bool(missing)

    async def make(self, making: Making, number: int) -> bool:
        """Whether its outcome stands; not so when a recording of it was erased meanwhile."""
        if await asyncio.to_thread(self.plans.has_ended, making, number):
            return True
        outcome = await asyncio.to_thread(self.shards.make_shard, making, number)
        if outcome is None:
            return False
        await asyncio.to_thread(self.plans.end_shard, making, number, outcome)
        log.debug("dataset_shard_ended", shard=number)
        return True
