"""Events in any order, any number of times, against the real PostgreSQL."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from ai2text.common import subjects
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected
from ai2text.common.contracts.states import RecordingStatus
from ai2text.common.contracts.transcription import RecordingTranscribed, TranscriptionFailed, TranscriptionStarted
from ai2text.common.errors import Poison
from ai2text.common.object_store import ObjectStore
from ai2text.metadata import catalog
from ai2text.metadata.news import Report
from ai2text.metadata.page import Window
from ai2text.metadata.persist_reports import PersistReports, read_transcript
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import CatalogueUnavailable, Database
from ai2text.metadata.settings import PostgresSettings
from tests.fixtures.examples import EVENTS, FAILURE, JOB, NOW, RECORDING, TRANSCRIPT
from tests.integration.metadata.catalogue import INGESTED, rows

STARTED = EVENTS["transcription.started.v1"]
TRANSCRIBED = EVENTS["recording.transcribed.v1"]
FAILED = EVENTS["transcription.failed.v1"]
REJECTED = EVENTS["recording.rejected.v1"]


@pytest.fixture
def store(object_store: ObjectStore) -> ObjectStore:
    object_store.put(f"default/outcomes/{JOB}.json", encode(TRANSCRIPT))
    return object_store


async def persist(database: Database, store: ObjectStore, *events: subjects.Event) -> None:
    """In one transaction."""
    reports = [await reported(store, event) for event in events]
    await PersistReports(database, lambda: NOW).persist_reports(reports)


async def reported(store: ObjectStore, event: subjects.Event) -> Report:
    match event:
        case RecordingTranscribed():
            return await read_transcript(store, event)
        case RecordingIngested() | RecordingRejected() | TranscriptionStarted() | TranscriptionFailed():
            return event
    raise AssertionError(event)


async def recording(database: Database, tenant: str = "default") -> dict[str, Any]:
    async with database.transaction() as connection:
        found = await catalog.find_recording(connection, tenant, RECORDING)
    assert found is not None
    return found


ORDERS = list(itertools.permutations([INGESTED, STARTED, TRANSCRIBED]))


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(type(event).__name__[:12] for event in order))
async def test_the_order_of_events_does_not_matter(
    database: Database, store: ObjectStore, order: tuple[subjects.Event, ...]
) -> None:
    for event in order:
        await persist(database, store, event)
    found = await recording(database)
    assert found["status"] == "transcribed"
    assert found["text_preview"] == "Good morning."
    assert found["sources"] == [{"kind": "hot_folder", "place": "inbox", "name": "Gespräche/talk 1.mp3"}]
    assert found["created_at"] == NOW
    (job,) = await rows(database, "SELECT status, lane, model, worker, attempts FROM jobs")
    assert job == {"status": "completed", "lane": "bulk", "model": "small", "worker": "gpu-1/4711", "attempts": 1}


async def test_events_that_come_twice_change_nothing(database: Database, store: ObjectStore) -> None:
    events = [INGESTED, STARTED, TRANSCRIBED]
    for event in [*events, *events, *reversed(events)]:
        await persist(database, store, event)
    for table, count in {
        "recordings": 1,
        "sources": 1,
        "jobs": 1,
        "transcripts": 1,
        "segments": 1,
        "outbox": 1,
    }.items():
        (row,) = await rows(database, f"SELECT count(*) AS n FROM {table}")  # noqa: S608 - a constant above
        assert row["n"] == count, table


async def test_a_recording_follows_its_job_until_it_has_a_transcript(database: Database, store: ObjectStore) -> None:
    seen = []
    for event in (INGESTED, STARTED, TRANSCRIBED, STARTED, FAILED):
        await persist(database, store, event)
        seen.append((await recording(database))["status"])
    assert seen == ["queued", "transcribing", "transcribed", "transcribed", "transcribed"]


@pytest.mark.lesson("L28")
async def test_l28_a_failed_job_says_why_and_ends(database: Database, store: ObjectStore) -> None:
    for event in (INGESTED, STARTED, FAILED, STARTED):
        await persist(database, store, event)
    assert (await recording(database))["status"] == "failed"
    (job,) = await rows(database, "SELECT status, error_code, error_detail FROM jobs")
    assert job["status"] == "failed"
    assert job["error_code"] == "decode_failed"
    assert job["error_detail"]


async def test_a_rejection_is_listed_with_its_reason(database: Database, store: ObjectStore) -> None:
    await persist(database, store, REJECTED)
    async with database.transaction() as connection:
        page = await catalog.list_recordings(
            connection, "default", catalog.Filters(status=RecordingStatus.REJECTED), Window(limit=10)
        )
    (item,) = page.items
    assert item["reason"]["code"] == "decode_failed"


async def test_a_transcript_is_read_back_as_it_was_written(database: Database, store: ObjectStore) -> None:
    await persist(database, store, TRANSCRIBED)
    async with database.transaction() as connection:
        view = await catalog.find_transcript(connection, "default", RECORDING)
        stranger = await catalog.find_transcript(connection, "stranger", RECORDING)
    assert stranger is None
    assert view is not None
    assert (view.text, view.language, view.revision, view.model) == ("Good morning.", "en", 1, "small")
    (segment,) = view.segments
    assert (segment.start, segment.end, segment.text, segment.speaker) == (0.1, 1.2, "Good morning.", "channel 1")
    assert [word.text for word in segment.words] == [" Good", " morning."]


async def test_a_later_generation_becomes_current_and_an_earlier_one_does_not(
    database: Database, object_store: ObjectStore
) -> None:
    for generation in (1, 2, 0):
        job = JOB[:-1] + str(generation)
        key = f"default/outcomes/{job}.json"
        said = replace(TRANSCRIPT, job_id=job, generation=generation, text=f"Generation {generation}.")
        object_store.put(key, encode(said))
        assert isinstance(TRANSCRIBED, RecordingTranscribed)
        event = replace(TRANSCRIBED, job_id=job, generation=generation, outcome_key=key)
        await persist(database, object_store, event)
    assert (await recording(database))["text_preview"] == "Generation 2."
    assert len(await rows(database, "SELECT FROM transcripts")) == 3


async def test_an_outcome_that_is_no_transcript_is_poison(database: Database, object_store: ObjectStore) -> None:
    object_store.put(f"default/outcomes/{JOB}.json", encode(FAILURE))
    with pytest.raises(Poison):
        await persist(database, object_store, TRANSCRIBED)
    assert await rows(database, "SELECT FROM recordings") == []


async def test_migrating_twice_changes_nothing(database: Database, postgres_dsn: str, store: ObjectStore) -> None:
    await persist(database, store, INGESTED)
    migrate(postgres_dsn)
    assert (await recording(database))["status"] == "queued"


async def test_a_database_that_is_away_is_unavailable(unused_tcp_port: int) -> None:
    dsn = f"postgresql://postgres:x@127.0.0.1:{unused_tcp_port}/ai2text"
    settings = PostgresSettings(dsn=dsn, pool_timeout_seconds=0.5)
    async with Database(settings) as away:
        assert not await away.answers()
        with pytest.raises(CatalogueUnavailable):
            async with away.transaction():
                pass
