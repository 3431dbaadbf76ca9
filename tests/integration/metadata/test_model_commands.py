"""Models that are loaded and unloaded from outside, over the real NATS, by real workers."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ai2text.asr.model_commands import answer_model_commands
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
from ai2text.common import subjects
from ai2text.common.errors import Refused, Unavailable
from ai2text.common.jetstream import Broker
from ai2text.common.presence import Presence
from ai2text.metadata.command_models import ANSWER_SECONDS, CommandModels
from tests.fixtures.examples import PRESENCE
from tests.fixtures.stack import EAR


def pool() -> ModelPool:
    return ModelPool(AsrSettings(model="ear", model_paths={"ear": str(EAR / "model")}, device="cpu"))


@asynccontextmanager
async def working(broker: Broker, presence: Presence, *pools: ModelPool) -> AsyncIterator[None]:
    """Each pool as a worker that is heard and answers."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for number, each in enumerate(pools):
            tasks.create_task(answer_model_commands(broker, each, f"gpu/{number}", stop))
            presence.hear(replace(PRESENCE, instance=f"gpu/{number}", facts={"models": each.facts()}))
        await asyncio.sleep(0)
        await broker.client.flush()
        yield
        stop.set()


async def test_all_workers_load_and_unload_what_is_asked(broker: Broker) -> None:
    presence, first, second = Presence(), pool(), pool()
    commands = CommandModels(broker, presence)
    async with working(broker, presence, first, second):
        assert await commands.load("ear") is True
        assert (first.loaded("ear"), second.loaded("ear")) == (True, True)
        assert await commands.unload("ear") == 2
        assert await commands.unload("ear") == 0
        assert (first.facts(), second.facts()) == ([], [])


@pytest.mark.lesson("L14")
async def test_l14_all_models_can_be_unloaded_also_when_there_are_none(broker: Broker) -> None:
    presence, own = Presence(), pool()
    commands = CommandModels(broker, presence)
    async with working(broker, presence, own):
        assert await commands.unload(None) == 0
        await commands.load("ear")
        assert await commands.unload(None) == 1


async def test_a_wrong_name_is_refused_to_who_asked(broker: Broker) -> None:
    presence = Presence()
    async with working(broker, presence, pool()):
        with pytest.raises(Refused) as refused:
            await CommandModels(broker, presence).load("no-such-size")
    assert refused.value.code == "unknown_model"


async def test_without_a_worker_it_is_unavailable(broker: Broker) -> None:
    with pytest.raises(Unavailable, match="No asr worker"):
        await CommandModels(broker, Presence()).load("ear")


async def test_a_worker_that_is_gone_is_not_waited_for_long(broker: Broker) -> None:
    presence = Presence()
    presence.hear(replace(PRESENCE, instance="gpu/gone"))
    async with working(broker, presence, pool()):
        began = time.monotonic()
        assert await CommandModels(broker, presence).load("ear") is True
        assert time.monotonic() - began < ANSWER_SECONDS + 5


async def test_what_is_no_command_is_passed_over(broker: Broker) -> None:
    presence = Presence()
    async with working(broker, presence, pool()):
        await broker.client.publish(subjects.MODEL_COMMANDS, b"{}")
        assert await CommandModels(broker, presence).load("ear") is True
