"""What is told of a tenant: from a real stream, to listeners who come late, come back, or do not keep pace."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from ai2text.api_gateway.tenant_events import TenantEvents, Told
from ai2text.common import subjects
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.transcription import TranscriptionFailed, TranscriptionStarted
from ai2text.common.errors import BrokerUnavailable
from ai2text.common.jetstream import Broker, connect
from ai2text.common.occurrences import SUBJECT_OF, Kind, occurrence_of
from tests.fixtures.examples import EVENTS
from tests.fixtures.servers import Server, nats_settings_of, set_up_anew, wipe

WITHIN_SECONDS = 20
FEW = 3
"""Remembered here, so that everybody who comes back reads the stream itself."""


@asynccontextmanager
async def telling(broker: Broker, remembered: int = 1000) -> AsyncIterator[TenantEvents]:
    stop = asyncio.Event()
    events = TenantEvents(stop, remembered)
    hearing = asyncio.create_task(events.hear(broker))
    try:
        yield events
    finally:
        assert not hearing.done(), "the reader has died"
        stop.set()
        hearing.cancel()
        await asyncio.wait({hearing})


def failed(number: int, tenant: str = "t") -> TranscriptionFailed:
    event = EVENTS[subjects.TRANSCRIPTION_FAILED]
    assert isinstance(event, TranscriptionFailed)
    return replace(event, tenant=tenant, job_id=f"job-{number}")


def started(number: int, tenant: str = "t") -> TranscriptionStarted:
    event = EVENTS[subjects.TRANSCRIPTION_STARTED]
    assert isinstance(event, TranscriptionStarted)
    return replace(event, tenant=tenant, job_id=f"job-{number}")


async def listen(
    events: TenantEvents, count: int, place: int | None = None, kinds: Collection[Kind] = (), tenant: str = "t"
) -> list[Told]:
    """The next so many."""
    found: list[Told] = []
    async with asyncio.timeout(WITHIN_SECONDS), aclosing(events.follow(tenant, place, kinds)) as told:
        async for one in told:
            found += [one] if isinstance(one, Told) else []
            if len(found) == count:
                break
    return found


def jobs(found: list[Told]) -> list[str]:
    return [one.occurrence.data["job_id"] for one in found if one.occurrence]


async def test_each_tenant_is_told_of_its_own_as_it_happens_and_of_the_kinds_it_asked_for(broker: Broker) -> None:
    async with telling(broker) as events:
        one, two, failures = (
            events.follow("one", None, ()),
            events.follow("two", None, ()),
            events.follow("one", None, [Kind.FAILED]),
        )
        begins = [await anext(told) for told in (one, two, failures)]
        assert all(isinstance(begin, int) for begin in begins)
        for event in (started(1, "one"), started(2, "two"), failed(1, "one"), failed(2, "two")):
            await broker.publish(event)
        async with asyncio.timeout(WITHIN_SECONDS):
            documents = [(await anext(told)) for told in (one, one, two, two, failures)]
        assert [one.occurrence for one in documents if isinstance(one, Told)] == [
            occurrence_of(event)
            for event in (started(1, "one"), failed(1, "one"), started(2, "two"), failed(2, "two"), failed(1, "one"))
        ]
        for told in (one, two, failures):
            await told.aclose()


async def test_every_kind_is_told_and_nothing_that_is_between_the_services(broker: Broker) -> None:
    async with telling(broker) as events:
        for subject in ("transcription.started.v1", *EVENTS):
            if subject in {*SUBJECT_OF.values(), subjects.RECORDING_TRANSCRIBED}:
                await broker.publish(EVENTS[subject])
        found = await listen(events, len(Kind), place=0, tenant="default")
        assert {one.occurrence.kind for one in found if one.occurrence} == set(Kind)
        assert {one.document()["type"] for one in found} == {kind.value for kind in Kind}


@pytest.mark.lesson("L37")
@pytest.mark.parametrize("remembered", [FEW, 1000])
async def test_l37_who_comes_back_with_any_cursor_is_told_exactly_the_rest(broker: Broker, remembered: int) -> None:
    async with telling(broker, remembered) as events:
        for number in range(40):
            await broker.publish(failed(number))
            await broker.publish(failed(number, "another"))
        whole = await listen(events, 40, place=0)
        assert jobs(whole) == [f"job-{number}" for number in range(40)]
        for number in (0, 17, 38):
            assert await listen(events, 39 - number, place=whole[number].place) == whole[number + 1 :]


async def test_what_happens_while_somebody_reads_back_is_told_too_and_once(broker: Broker) -> None:
    async with telling(broker, remembered=FEW) as events:
        for number in range(300):
            await broker.publish(failed(number))
        reading = asyncio.create_task(listen(events, 320, place=0))
        for number in range(300, 320):
            await broker.publish(failed(number))
        assert jobs(await reading) == [f"job-{number}" for number in range(320)]


async def test_a_cursor_of_no_place_that_is_known_is_told_that_something_was_missed(broker: Broker) -> None:
    async with telling(broker) as events:
        await broker.publish(failed(1))
        (missed,) = await listen(events, 1, place=999_999)
        assert missed.occurrence is None
        assert missed.document()["type"] == "events.missed"
        assert missed.place == 1
        await broker.publish(failed(2))
        assert jobs(await listen(events, 1, place=missed.place)) == ["job-2"]


async def test_of_a_stream_without_messages_no_place_is_known_but_its_beginning(broker: Broker) -> None:
    async with telling(broker) as events:
        (missed,) = await listen(events, 1, place=-1)
        assert missed.occurrence is None
        await broker.publish(failed(1))
        assert jobs(await listen(events, 1, place=0)) == ["job-1"]


async def test_who_does_not_keep_pace_is_sent_away_and_misses_nothing_by_it(broker: Broker) -> None:
    async with telling(broker, remembered=FEW) as events:
        told = events.follow("t", None, ())
        await anext(told)
        await broker.publish(failed(0))
        first = await anext(told)
        assert isinstance(first, Told)
        with events.listening("t", first.place, ()) as watching:
            await watching.begin(WITHIN_SECONDS)
            for number in range(1, 20):
                await broker.publish(failed(number))
            async with asyncio.timeout(WITHIN_SECONDS):
                while (events.reached or 0) < first.place + 19:
                    await asyncio.sleep(0.01)
        assert [one async for one in told] == []
        assert jobs(await listen(events, 19, place=first.place)) == [f"job-{number}" for number in range(1, 20)]


async def test_while_nobody_listens_nothing_is_read(broker: Broker) -> None:
    present = len(await broker.jetstream.consumers_info(subjects.EVENTS))
    async with telling(broker) as events:
        await broker.publish(failed(1))
        await listen(events, 1, place=0)
        await broker.publish(failed(2))  # ends the wait for the next message
        async with asyncio.timeout(WITHIN_SECONDS):
            while events.reached is not None:
                await asyncio.sleep(0.05)
            while len(await broker.jetstream.consumers_info(subjects.EVENTS)) > present:
                await asyncio.sleep(0.05)
        assert jobs(await listen(events, 1, place=1)) == ["job-2"]


async def test_an_undecodable_message_is_passed_over(broker: Broker) -> None:
    async with telling(broker) as events:
        await broker.jetstream.publish(subjects.TRANSCRIPTION_FAILED, b'{"tenant":"t"}')
        await broker.publish(failed(1))
        assert jobs(await listen(events, 1, place=0)) == ["job-1"]


async def test_nats_may_be_killed_under_a_listener(own_nats: Server) -> None:
    async with connect(nats_settings_of(own_nats), "test") as broker:
        await set_up_anew(broker)
        async with telling(broker) as events:
            told = events.follow("t", None, ())
            await anext(told)
            await broker.publish(failed(1))
            first = await anext(told)
            await asyncio.to_thread(own_nats.kill)
            await asyncio.to_thread(own_nats.start)
            await broker.publish(failed(2))
            async with asyncio.timeout(60):
                rest = [one async for one in until_told(told)]
            assert isinstance(first, Told)
            assert jobs([first, *rest]) == ["job-1", "job-2"]
            await told.aclose()


async def until_told(told: AsyncIterator[Told | int]) -> AsyncIterator[Told]:
    async for one in told:
        if isinstance(one, Told):
            yield one
            return


async def test_of_a_stream_that_was_wiped_listeners_hear_that_they_missed_something(broker: Broker) -> None:
    async with telling(broker) as events:
        for number in range(5):
            await broker.publish(failed(number))
        whole = await listen(events, 5, place=0)
        told = events.follow("t", whole[-1].place, ())
        await anext(told)
        await wipe(broker)
        await set_up_anew(broker)
        await broker.publish(failed(9))
        async with asyncio.timeout(60):
            assert [one async for one in told if isinstance(one, Told)] == []
        (missed,) = await listen(events, 1, place=whole[-1].place)
        assert missed.occurrence is None


async def test_without_nats_nobody_is_let_in_to_wait_for_nothing() -> None:
    events = TenantEvents(asyncio.Event())
    with events.listening("t", None, ()) as listener, pytest.raises(BrokerUnavailable):
        await listener.begin(0.05)


@pytest.mark.parametrize("event", EVENTS.values(), ids=list(EVENTS))
def test_a_tenant_is_found_in_the_bytes_of_every_event_that_is_told(event: subjects.Event) -> None:
    """So that reading back need not decode what is others'."""
    occurrence = occurrence_of(event)
    if occurrence is not None:
        assert f'"tenant":"{occurrence.tenant}"'.encode() in encode(event)
