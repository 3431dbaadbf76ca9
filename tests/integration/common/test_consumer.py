"""The three outcomes of a message, the budget, and what is never lost, against the real server."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from opentelemetry import trace

from ai2text.common import subjects, tracing
from ai2text.common.consumer import Consumer, Delivery, Work
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.dead_letter import DeadLetter
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import Lane
from ai2text.common.errors import Poison, Unavailable
from ai2text.common.jetstream import Broker
from tests.fixtures.examples import REQUESTED

BULK = subjects.asr_durable(Lane.BULK)
INTERACTIVE = subjects.asr_durable(Lane.INTERACTIVE)
DEADLINE_SECONDS = 15


@pytest.fixture
async def hasty(broker: Broker) -> Broker:
    """Short delays, so that what waits in production for minutes is seen here."""
    quick = {"retry_base_seconds": 0.05, "retry_cap_seconds": 0.2, "delivery_budget": 3, "heartbeat_seconds": 0.2}
    return Broker(broker.client, broker.settings.model_copy(update=quick))


@asynccontextmanager
async def running(broker: Broker, work: Work) -> AsyncIterator[Consumer]:
    stop = asyncio.Event()
    consumer = Consumer(broker, work)
    task = asyncio.create_task(consumer.run(stop))
    try:
        yield consumer
    finally:
        stop.set()
        await asyncio.wait_for(task, DEADLINE_SECONDS)


def bulk(handle: Callable[[Delivery], Awaitable[None]], **more: object) -> Work:
    return Work(stream=subjects.WORK, durable=BULK, handle=handle, **more)  # type: ignore[arg-type]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await condition():
            await asyncio.sleep(0.05)


async def dead_letters(broker: Broker) -> list[DeadLetter]:
    count = (await broker.jetstream.stream_info(subjects.DEAD)).state.messages
    raw = [await broker.jetstream.get_msg(subjects.DEAD, seq) for seq in range(1, count + 1)]
    return [decode(DeadLetter, message.data or b"") for message in raw]


async def empty(broker: Broker) -> bool:
    return (await broker.jetstream.stream_info(subjects.WORK)).state.messages == 0


async def test_a_handled_message_is_gone(hasty: Broker) -> None:
    seen: list[subjects.Event] = []

    async def handle(delivery: Delivery) -> None:
        seen.append(delivery.event)

    await hasty.publish(REQUESTED)
    async with running(hasty, bulk(handle)):
        await until(lambda: empty(hasty))
    assert seen == [REQUESTED]


async def test_a_failing_message_is_tried_again_until_it_succeeds(hasty: Broker) -> None:
    deliveries: list[int] = []

    async def handle(delivery: Delivery) -> None:
        deliveries.append(delivery.number)
        if delivery.number < 3:
            raise ValueError("not yet")

    await hasty.publish(REQUESTED)
    async with running(hasty, bulk(handle)):
        await until(lambda: empty(hasty))
    assert deliveries == [1, 2, 3]
    assert await dead_letters(hasty) == []


async def test_a_spent_budget_dead_letters_the_whole_message_with_its_reason_and_traceback(hasty: Broker) -> None:
    async def handle(_: Delivery) -> None:
        raise ValueError("never")

    await hasty.publish(REQUESTED)
    async with running(hasty, bulk(handle)):
        await until(lambda: empty(hasty))
    (letter,) = await dead_letters(hasty)
    assert letter.reason == Reason(code="failed_repeatedly", detail="ValueError: never")
    assert 'raise ValueError("never")' in letter.traceback
    assert letter.deliveries == 3
    assert base64.b64decode(letter.payload_base64) == encode(REQUESTED)


async def test_poison_is_dead_lettered_at_once(hasty: Broker) -> None:
    async def handle(_: Delivery) -> None:
        raise Poison("no_good", "Never will be.")

    await hasty.publish(REQUESTED)
    async with running(hasty, bulk(handle)):
        await until(lambda: empty(hasty))
    (letter,) = await dead_letters(hasty)
    assert letter.deliveries == 1
    assert letter.reason == Reason(code="no_good", detail="Never will be.")


async def test_a_message_that_is_no_event_is_dead_lettered_unhandled(hasty: Broker) -> None:
    async def handle(_: Delivery) -> None:
        raise AssertionError("never called")

    await hasty.jetstream.publish(subjects.transcription_requested(Lane.BULK), b"{")
    async with running(hasty, bulk(handle)):
        await until(lambda: empty(hasty))
    (letter,) = await dead_letters(hasty)
    assert letter.reason.code == "undecodable"
    assert base64.b64decode(letter.payload_base64) == b"{"


async def test_a_message_that_killed_its_workers_is_dead_lettered_before_it_is_touched(hasty: Broker) -> None:
    await hasty.publish(REQUESTED)
    subscription = await hasty.jetstream.pull_subscribe_bind(BULK, subjects.WORK)
    for _ in range(3):  # what a killed worker leaves: a delivery without any word
        (message,) = await subscription.fetch(1, timeout=5)
        await message.nak()

    async def handle(_: Delivery) -> None:
        raise AssertionError("never called")

    async with running(hasty, bulk(handle)):
        await until(lambda: empty(hasty))
    (letter,) = await dead_letters(hasty)
    assert letter.reason.code == "delivery_budget_spent"


async def test_the_failure_is_recorded_before_the_message_is_let_go(hasty: Broker) -> None:
    given_up: list[tuple[subjects.Event, str, int]] = []

    async def handle(_: Delivery) -> None:
        raise Poison("no_good", "Never will be.")

    async def give_up(event: subjects.Event, reason: Reason, deliveries: int) -> None:
        assert await dead_letters(hasty) == []
        given_up.append((event, reason.code, deliveries))

    await hasty.publish(REQUESTED)
    async with running(hasty, bulk(handle, give_up=give_up)):
        await until(lambda: empty(hasty))
    assert given_up == [(REQUESTED, "no_good", 1)]


async def test_while_the_failure_cannot_be_recorded_the_message_is_kept(hasty: Broker) -> None:
    attempts = 0

    async def handle(_: Delivery) -> None:
        raise Poison("no_good", "Never will be.")

    async def give_up(_: subjects.Event, __: Reason, ___: int) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < 3:
            raise Unavailable("The store is away.")

    await hasty.publish(REQUESTED)
    async with running(hasty, bulk(handle, give_up=give_up)):
        await until(lambda: empty(hasty))
    assert attempts == 3
    assert len(await dead_letters(hasty)) == 1


async def test_a_server_that_is_away_costs_no_deliveries(hasty: Broker) -> None:
    calls = 0

    async def handle(delivery: Delivery) -> None:
        nonlocal calls
        calls += 1
        assert delivery.number == 1
        if calls <= 2 * hasty.settings.delivery_budget:
            raise Unavailable("PostgreSQL is away.")

    await hasty.publish(REQUESTED)
    async with running(hasty, bulk(handle)):
        await until(lambda: empty(hasty))
    assert await dead_letters(hasty) == []


async def test_heartbeats_hold_a_message_longer_than_the_ack_wait(hasty: Broker, ack_wait: None) -> None:
    deliveries = 0

    async def handle(_: Delivery) -> None:
        nonlocal deliveries
        deliveries += 1
        await asyncio.sleep(3)

    await hasty.publish(REQUESTED)
    async with running(hasty, bulk(handle)):
        await until(lambda: empty(hasty))
    assert deliveries == 1


@pytest.fixture
async def ack_wait(hasty: Broker) -> None:
    info = await hasty.jetstream.consumer_info(subjects.WORK, BULK)
    info.config.ack_wait = 1.0
    await hasty.jetstream.add_consumer(subjects.WORK, info.config)


async def test_a_stopping_consumer_finishes_what_it_holds_and_takes_nothing_new(hasty: Broker) -> None:
    release, begun, finished = asyncio.Event(), asyncio.Event(), []

    async def handle(delivery: Delivery) -> None:
        begun.set()
        await release.wait()
        finished.append(delivery.event)

    first, second = (replace(REQUESTED, job_id=f"job-{n}") for n in range(2))
    await hasty.publish(first)
    await hasty.publish(second)
    stop = asyncio.Event()
    consumer = Consumer(hasty, bulk(handle))
    task = asyncio.create_task(consumer.run(stop))
    await asyncio.wait_for(begun.wait(), DEADLINE_SECONDS)
    assert consumer.in_flight == 1
    stop.set()
    release.set()
    await asyncio.wait_for(task, DEADLINE_SECONDS)
    assert consumer.in_flight == 0
    assert finished == [first]
    assert (await hasty.jetstream.stream_info(subjects.WORK)).state.messages == 1


async def test_a_cancelled_handler_hands_its_message_back(hasty: Broker) -> None:
    begun = asyncio.Event()

    async def handle(_: Delivery) -> None:
        begun.set()
        await asyncio.Event().wait()

    await hasty.publish(REQUESTED)
    task = asyncio.create_task(Consumer(hasty, bulk(handle)).run(asyncio.Event()))
    await asyncio.wait_for(begun.wait(), DEADLINE_SECONDS)
    task.cancel()
    await asyncio.wait({task})

    async def handle_again(_: Delivery) -> None:
        return

    async with running(hasty, bulk(handle_again)):
        await until(lambda: empty(hasty))


async def test_many_dead_letters_in_a_row_stop_the_consumer(hasty: Broker) -> None:
    careful = Broker(hasty.client, hasty.settings.model_copy(update={"halt_after_dead_letters": 2}))

    async def handle(_: Delivery) -> None:
        raise Poison("bad_deploy", "Everything is poison.")

    for number in range(5):
        await hasty.publish(replace(REQUESTED, job_id=f"job-{number}"))
    async with running(careful, bulk(handle)) as consumer:

        async def halted() -> bool:
            return consumer.halted

        await until(halted)
        await asyncio.sleep(0.5)
        assert (await hasty.jetstream.stream_info(subjects.WORK)).state.messages == 3


async def test_no_more_is_taken_while_what_is_held_is_enough(hasty: Broker) -> None:
    held: set[str] = set()
    most: list[int] = []
    go_on = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        assert isinstance(delivery.event, type(REQUESTED))
        held.add(delivery.event.job_id)
        most.append(len(held))
        await go_on.wait()
        held.discard(delivery.event.job_id)

    for number in range(6):
        await hasty.publish(replace(REQUESTED, job_id=f"job-{number}"))

    async def full() -> bool:
        return len(held) == 2

    async with running(hasty, bulk(handle, concurrency=6, full=lambda: len(held) >= 2)):
        await until(full)
        go_on.set()
        await until(lambda: empty(hasty))
    assert max(most) == 2


async def test_the_senders_trace_goes_on_in_the_reader(hasty: Broker) -> None:
    tracing.configure("test")
    seen: list[int] = []

    async def handle(_: Delivery) -> None:
        seen.append(trace.get_current_span().get_span_context().trace_id)

    with tracing.span("the sender's"):
        sent = trace.get_current_span().get_span_context().trace_id
        await hasty.publish(REQUESTED)
    async with running(hasty, bulk(handle)):
        await until(lambda: empty(hasty))
    assert seen == [sent]
