"""Publishing and the set-up of streams, against the real server."""

import asyncio
import json

import pytest
from nats.js.api import StreamConfig

from ai2text.common import subjects
from ai2text.common.errors import BrokerUnavailable, Misconfigured
from ai2text.common.jetstream import Broker, connect
from ai2text.common.settings import NatsSettings
from ai2text.common.topology import durables, set_up, streams
from tests.fixtures.examples import EVENTS, REQUESTED
from tests.fixtures.fault_proxy import FaultProxy


async def messages(broker: Broker, stream: str) -> int:
    return (await broker.jetstream.stream_info(stream)).state.messages


async def test_an_event_published_twice_is_one_message(broker: Broker) -> None:
    await broker.publish(REQUESTED)
    await broker.publish(REQUESTED)
    assert await messages(broker, subjects.WORK) == 1


async def test_each_event_lands_in_the_stream_of_its_kind(broker: Broker) -> None:
    for event in EVENTS.values():
        await broker.publish(event)
    counts = {name: await messages(broker, name) for name in (subjects.WORK, subjects.EVENTS, subjects.DEAD)}
    assert counts == {subjects.WORK: 3, subjects.EVENTS: len(EVENTS) - 4, subjects.DEAD: 1}


async def test_set_up_can_be_repeated_and_keeps_the_messages(broker: Broker) -> None:
    await broker.publish(REQUESTED)
    await set_up(broker, ("inbox",))
    assert await messages(broker, subjects.WORK) == 1


async def test_set_up_brings_an_existing_durable_to_its_new_configuration(broker: Broker) -> None:
    slower = broker.settings.model_copy(update={"ack_wait_seconds": 77.0})
    await set_up(Broker(broker.client, slower), ("inbox",))
    info = await broker.jetstream.consumer_info(subjects.EVENTS, subjects.METADATA)
    assert info.config.ack_wait == 77


async def test_set_up_makes_every_stream_and_durable_of_the_design(broker: Broker) -> None:
    settings = broker.settings
    made = {(await broker.jetstream.stream_info(str(s.name))).config.name for s in streams(settings)}
    assert made == {"WORK", "EVENTS", "DEAD", "LIVE"}
    wanted = {durable.durable_name for _, durable in durables(settings, ("inbox", "calls"))}
    assert wanted == {
        "asr-interactive",
        "asr-bulk",
        "dataset-shards",
        "webhooks",
        "metadata",
        "erasures",
        "withdrawals",
        "dead-letters",
        "ingestion-inbox",
        "ingestion-calls",
    }
    for stream, durable in durables(settings, ("inbox",)):
        info = await broker.jetstream.consumer_info(stream, str(durable.durable_name))
        assert info.config.max_deliver == -1


async def test_a_full_stream_refuses_at_once_instead_of_dropping(broker: Broker) -> None:
    config = next(s for s in streams(broker.settings) if s.name == subjects.WORK)
    await broker.jetstream.update_stream(StreamConfig(**{**config.__dict__, "max_bytes": 10}))
    with pytest.raises(BrokerUnavailable, match="refused"):
        await asyncio.wait_for(broker.publish(REQUESTED), 5)


async def test_publishing_waits_for_a_broker_that_comes_back(
    broker: Broker, nats_settings: NatsSettings, nats_proxy: FaultProxy
) -> None:
    settings = nats_settings.model_copy(update={"url": f"nats://{nats_proxy.address}"})
    async with connect(settings, "test") as behind_proxy:
        nats_proxy.refuse()
        publishing = asyncio.create_task(behind_proxy.publish(REQUESTED))
        await asyncio.sleep(1)
        assert not publishing.done()
        nats_proxy.resume()
        await asyncio.wait_for(publishing, 20)
    assert await messages(broker, subjects.WORK) == 1


async def test_publishing_gives_up_at_the_deadline(nats_settings: NatsSettings, nats_proxy: FaultProxy) -> None:
    hasty = {"url": f"nats://{nats_proxy.address}", "publish_deadline_seconds": 1.0}
    async with connect(nats_settings.model_copy(update=hasty), "test") as behind_proxy:
        nats_proxy.refuse()
        with pytest.raises(BrokerUnavailable):
            await behind_proxy.publish(REQUESTED)


async def test_a_server_that_is_too_old_is_refused_with_a_sentence(unused_tcp_port: int) -> None:
    async def old_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        info = {"server_id": "x", "version": "2.9.10", "max_payload": 1 << 20, "headers": True}
        writer.write(f"INFO {json.dumps(info)}\r\n".encode())
        while line := await reader.readline():
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
        writer.close()

    settings = NatsSettings(url=f"nats://127.0.0.1:{unused_tcp_port}")
    async with await asyncio.start_server(old_server, "127.0.0.1", unused_tcp_port):
        with pytest.raises(Misconfigured, match=r"NATS 2\.9 .* needs 2\.12 or newer"):
            async with connect(settings, "test"):
                pass


async def test_a_refused_login_names_the_settings(nats_settings: NatsSettings) -> None:
    wrong = nats_settings.model_copy(update={"user": "nobody"})
    with pytest.raises(Misconfigured, match="AI2TEXT_NATS_USER"):
        async with connect(wrong, "test"):
            pass
