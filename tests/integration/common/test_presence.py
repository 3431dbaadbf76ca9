"""What services say of themselves over the real NATS."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ai2text.common import subjects
from ai2text.common.contracts.codec import encode
from ai2text.common.jetstream import Broker
from ai2text.common.presence import Presence, announce_presence
from ai2text.common.run import Life
from ai2text.common.topology import streams
from tests.fixtures.examples import PRESENCE

DEADLINE_SECONDS = 15


@asynccontextmanager
async def listening(broker: Broker) -> AsyncIterator[Presence]:
    presence, stop = Presence(), asyncio.Event()
    task = asyncio.create_task(presence.listen(broker, stop))
    await asyncio.sleep(0)
    await broker.client.flush()
    try:
        yield presence
    finally:
        stop.set()
        await asyncio.wait_for(task, DEADLINE_SECONDS)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_service_is_heard_with_its_checks_and_facts(broker: Broker) -> None:
    life = Life(drain_seconds=1)
    life.probes.ready_when("nats", lambda: True)
    life.probes.ready_when("model", lambda: False)
    async with listening(broker) as presence:
        speaking = asyncio.create_task(announce_presence(broker, "common", life, lambda: {"jobs": 3}))
        await until(lambda: bool(presence.heard()))
        life.stop.set()
        await asyncio.wait_for(speaking, DEADLINE_SECONDS)
    (heard,) = presence.heard()
    said = heard.presence
    assert (said.service, said.ready, said.facts) == ("common", {"nats": True, "model": False}, {"jobs": 3})
    assert said.started_at == life.started_at
    assert said.version
    assert heard.seconds_ago < DEADLINE_SECONDS


async def test_a_word_that_nobody_understands_is_passed_over(broker: Broker) -> None:
    async with listening(broker) as presence:
        await broker.client.publish(subjects.presence("asr"), b"{")
        await broker.client.publish(subjects.presence("asr"), encode(PRESENCE))
        await until(lambda: bool(presence.heard()))
    assert [heard.presence for heard in presence.heard()] == [PRESENCE]


@pytest.mark.parametrize("service", ["asr", "training-orchestrator"])
async def test_no_stream_keeps_the_words(broker: Broker, service: str) -> None:
    await broker.client.publish(subjects.presence(service), encode(PRESENCE))
    await broker.client.flush()
    kept = [(await broker.jetstream.stream_info(str(s.name))).state.messages for s in streams(broker.settings)]
    assert set(kept) == {0}
