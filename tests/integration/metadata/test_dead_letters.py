"""Dead letters are kept, shown and replayed, against the real PostgreSQL and the real NATS."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from ai2text.common import subjects
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.dead_letter import DeadLetter
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import Lane
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.jetstream import Broker
from ai2text.metadata.dead_letters import find_dead_letter, list_dead_letters
from ai2text.metadata.page import Window
from ai2text.metadata.persist_dead_letter import persist_dead_letter
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.publish_outbox import publish_outbox
from ai2text.metadata.replay_dead_letter import Replay, replay_dead_letter
from tests.fixtures.examples import NOW
from tests.integration.metadata.catalogue import asked, fail, ingest, rows

REJECTED = "recording.rejected.v1"
DEADLINE_SECONDS = 15


def letter(subject: str, payload: bytes, **changes: Any) -> DeadLetter:
    dead = DeadLetter(
        dead_letter_id=str(uuid4()),
        stream=subjects.WORK,
        durable="asr-bulk",
        subject=subject,
        stream_sequence=17,
        deliveries=6,
        reason=Reason(code="failed_repeatedly", detail="ValueError: never"),
        traceback="Traceback (most recent call last): ...",
        headers={"Nats-Msg-Id": "first"},
        payload_base64=base64.b64encode(payload).decode(),
        dead_at=NOW,
    )
    return replace(dead, **changes)


def letter_of(job: TranscriptionRequested) -> DeadLetter:
    return letter(subjects.subject_of(job), encode(job))


async def shown(database: Database, letter: DeadLetter) -> dict[str, Any]:
    async with database.transaction() as connection:
        found = await find_dead_letter(connection, letter.dead_letter_id)
    assert found is not None
    return found


async def replayed(database: Database, letter: DeadLetter) -> Replay:
    replay = await replay_dead_letter(database, letter.dead_letter_id, lambda: NOW)
    assert replay is not None
    return replay


@asynccontextmanager
async def outbox_published(database: Database, broker: Broker) -> AsyncIterator[None]:
    """At the end everything in the outbox has been published."""
    yield
    stop = asyncio.Event()
    publishing = asyncio.create_task(publish_outbox(database, broker, stop))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await rows(database, "SELECT FROM outbox"):
            await asyncio.sleep(0.05)
    stop.set()
    await publishing


async def messages(broker: Broker, stream: str) -> list[tuple[str, bytes]]:
    """Subject and content."""
    state = (await broker.jetstream.stream_info(stream)).state
    found = [await broker.jetstream.get_msg(stream, n) for n in range(state.first_seq, state.last_seq + 1)]
    return [(str(message.subject), message.data or b"") for message in found]


async def test_a_dead_letter_that_comes_twice_is_kept_once(database: Database) -> None:
    dead = letter(REJECTED, b"{")
    for _ in range(2):
        await persist_dead_letter(database, dead, 1)
    assert len(await rows(database, "SELECT FROM dead_letters")) == 1


async def test_a_dead_letter_says_whose_job_it_was(database: Database) -> None:
    job = asked("talk", tenant="archive")
    dead = letter_of(job)
    await persist_dead_letter(database, dead, 1)
    found = await shown(database, dead)
    assert (found["tenant"], found["recording_id"], found["job_id"]) == ("archive", job.recording_id, job.job_id)
    assert found["reason"] == {"code": "failed_repeatedly", "detail": "ValueError: never"}
    assert found["payload"]["audio_key"] == job.audio_key
    assert base64.b64decode(found["payload_base64"]) == encode(job)
    assert found["headers"] == {"Nats-Msg-Id": "first"}
    assert found["traceback"].startswith("Traceback")


@pytest.mark.parametrize("payload", [b"{", b"\xff\x00", b"", b"NaN"])
async def test_a_message_that_is_no_json_is_kept_byte_for_byte(database: Database, payload: bytes) -> None:
    dead = letter(REJECTED, payload, traceback="a\0b", headers={"X": "\0"})
    await persist_dead_letter(database, dead, 1)
    found = await shown(database, dead)
    assert found["payload"] is None
    assert base64.b64decode(found["payload_base64"]) == payload
    assert (found["tenant"], found["recording_id"], found["job_id"]) == (None, None, None)
    assert found["traceback"] == "a\N{REPLACEMENT CHARACTER}b"


async def test_dead_letters_are_listed_in_pages_the_newest_first(database: Database) -> None:
    dead = [letter(REJECTED, b"{") for _ in range(3)]
    for one in dead:
        await persist_dead_letter(database, one, 1)
    async with database.transaction() as connection:
        first = await list_dead_letters(connection, Window(limit=2))
        second = await list_dead_letters(connection, Window(limit=2, after=first.next))
    listed = [item["dead_letter_id"] for page in (first, second) for item in page.items]
    assert listed == [one.dead_letter_id for one in reversed(dead)]
    assert second.next is None
    assert set(first.items[0]) == {
        *("dead_letter_id", "tenant", "reason", "subject", "durable", "deliveries", "recording_id", "job_id"),
        *("dead_at", "replayed_at", "replayed_as"),
    }


async def test_a_request_is_replayed_as_a_new_job_that_a_worker_can_take(database: Database, broker: Broker) -> None:
    job = asked("talk", lane=Lane.INTERACTIVE)
    await broker.publish(job)
    await ingest(database, job)
    await fail(database, job)
    dead = letter_of(job)
    await persist_dead_letter(database, dead, 1)
    async with outbox_published(database, broker):
        replay = await replayed(database, dead)
    new = asked("talk", generation=1, lane=Lane.INTERACTIVE, replaces=job.job_id)
    assert replay == Replay(dead_letter_id=dead.dead_letter_id, job_id=new.job_id, now=True)
    subject, content = (await messages(broker, subjects.WORK))[-1]
    assert subject == subjects.transcription_requested(Lane.INTERACTIVE)
    assert decode(TranscriptionRequested, content) == new
    states = await rows(database, "SELECT job_id::text, status, replaces::text FROM jobs ORDER BY generation")
    assert states == [
        {"job_id": job.job_id, "status": "failed", "replaces": None},
        {"job_id": new.job_id, "status": "queued", "replaces": job.job_id},
    ]
    assert await rows(database, "SELECT status FROM recordings") == [{"status": "queued"}]


async def test_replaying_twice_gives_the_same_ids_and_publishes_nothing(database: Database, broker: Broker) -> None:
    request, poison = letter_of(asked("talk")), letter(REJECTED, b"{")
    for dead in (request, poison):
        await persist_dead_letter(database, dead, 1)
        async with outbox_published(database, broker):
            first = await replayed(database, dead)
        again = await replayed(database, dead)
        assert again == replace(first, now=False)
        assert await rows(database, "SELECT FROM outbox") == []
    assert len(await rows(database, "SELECT FROM jobs")) == 1


async def test_two_people_who_replay_at_once_are_told_the_same(database: Database) -> None:
    dead = letter_of(asked("talk"))
    await persist_dead_letter(database, dead, 1)
    replays = await asyncio.gather(*(replayed(database, dead) for _ in range(4)))
    assert len({replay.job_id for replay in replays}) == 1
    assert sorted(replay.now for replay in replays) == [False, False, False, True]
    assert len(await rows(database, "SELECT FROM outbox")) == 1


async def test_a_request_that_the_catalogue_never_heard_of_is_replayed_too(database: Database) -> None:
    job = asked("talk")
    dead = letter_of(job)
    await persist_dead_letter(database, dead, 1)
    await replayed(database, dead)
    assert await rows(database, "SELECT generation, replaces::text FROM jobs") == [
        {"generation": 1, "replaces": job.job_id}
    ]


async def test_generations_are_counted_for_each_ask_and_never_twice(database: Database) -> None:
    job, other = asked("talk"), asked("talk", model="large", generation=7)
    for one in (job, other):
        await ingest(database, one)
    for dead in (letter_of(job), letter_of(job)):
        await persist_dead_letter(database, dead, 1)
        await replayed(database, dead)
    found = await rows(database, "SELECT generation FROM jobs WHERE model = 'small' ORDER BY generation")
    assert [row["generation"] for row in found] == [0, 1, 2]


async def test_any_other_message_is_published_again_as_it_was_under_a_fresh_id(
    database: Database, broker: Broker
) -> None:
    """Within the two minutes in which the stream swallows the old id."""
    payload = b"\xff no event"
    headers = {"Nats-Msg-Id": "first"}
    await broker.jetstream.publish(REJECTED, payload, headers=headers)
    assert (await broker.jetstream.publish(REJECTED, payload, headers=headers)).duplicate
    dead = letter(REJECTED, payload, stream=subjects.EVENTS, durable=subjects.METADATA, headers=headers)
    await persist_dead_letter(database, dead, 1)
    async with outbox_published(database, broker):
        replay = await replayed(database, dead)
    assert replay.job_id is None
    assert await messages(broker, subjects.EVENTS) == [(REJECTED, payload)] * 2
    found = await shown(database, dead)
    assert found["replayed_at"] == NOW
    assert str(UUID(found["replayed_as"])) == found["replayed_as"]


async def test_a_request_whose_ids_are_none_is_replayed_as_it_was(database: Database, broker: Broker) -> None:
    job = replace(asked("talk"), recording_id="not an id")
    dead = letter_of(job)
    await persist_dead_letter(database, dead, 1)
    async with outbox_published(database, broker):
        assert (await replayed(database, dead)).job_id is None
    assert await messages(broker, subjects.WORK) == [(dead.subject, encode(job))]


async def test_there_is_nothing_to_replay_under_an_unknown_id(database: Database) -> None:
    assert await replay_dead_letter(database, identity.recording_id("x", "y"), lambda: NOW) is None
