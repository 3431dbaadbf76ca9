"""Lists stay what they were while rows arrive, and what is counted as it changes is what there is."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai2text.common.contracts.states import Lane
from ai2text.common.contracts.transcription import TranscriptionFailed, TranscriptionRequested, TranscriptionStarted
from ai2text.metadata import activity, catalog
from ai2text.metadata.jobs import list_jobs
from ai2text.metadata.news import Report, Transcribed
from ai2text.metadata.page import Page, Window
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Connection, Database
from ai2text.metadata.settings import PostgresSettings
from tests.fixtures.examples import EVENTS, JOB, NOW, RECORDING, TRANSCRIPT
from tests.integration.metadata.catalogue import INGESTED, asked, ingest, persisted, rows, transcribe

on_one_database = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Each example has a tenant of its own."""
minutes = st.integers(min_value=-3, max_value=3)
"""Few, so that many are the same."""
arrivals = st.lists(st.tuples(minutes, st.booleans()), max_size=4)
"""When something was ingested, and whether that is new or another source of what is there already."""
Ask = Callable[[Connection, Window], Awaitable[Page]]


def ingested(job: TranscriptionRequested, minute: int) -> Report:
    at = NOW + timedelta(minutes=minute)
    return replace(
        INGESTED, tenant=job.tenant, recording_id=job.recording_id, first_job=job, tags=("spoken",), ingested_at=at
    )


async def walked(database: Database, ask: Ask, limit: int, between: list[Callable[[], Awaitable[None]]]) -> list[Any]:
    """All items, page by page; between two pages something happens."""
    items, after = [], None
    while True:
        async with database.transaction() as connection:
            page = await ask(connection, Window(limit=limit, after=after))
        items += page.items
        if page.next is None:
            return items
        after = page.next
        if between:
            await between.pop()()


@on_one_database
@given(
    before=st.lists(minutes, min_size=1, max_size=8),
    between=st.lists(arrivals, max_size=4),
    limit=st.integers(min_value=1, max_value=3),
    filters=st.sampled_from([{}, {"tag": "spoken"}, {"created_after": NOW - timedelta(hours=1)}]),
)
async def test_what_was_there_at_the_first_page_comes_exactly_once_whatever_arrives_meanwhile(
    database: Database, before: list[int], between: list[list[tuple[int, bool]]], limit: int, filters: dict[str, Any]
) -> None:
    tenant = f"tenant-{uuid4()}"
    known = [asked(f"talk {n}", tenant) for n in range(len(before))]
    for job, minute in zip(known, before, strict=True):
        await persisted(database, ingested(job, minute))

    def arriving(now: list[tuple[int, bool]]) -> Callable[[], Awaitable[None]]:
        async def arrive() -> None:
            for minute, new in now:
                job = asked(str(uuid4()), tenant) if new else random.choice(known)  # noqa: S311 - which does not matter
                await persisted(database, ingested(job, minute))

        return arrive

    def ask(connection: Connection, window: Window) -> Awaitable[Page]:
        return catalog.list_recordings(connection, tenant, catalog.Filters(**filters), window)

    found = [item["recording_id"] for item in await walked(database, ask, limit, [arriving(now) for now in between])]
    assert len(found) == len(set(found))
    assert set(found) >= {job.recording_id for job in known}


@on_one_database
@given(before=st.integers(min_value=1, max_value=6), limit=st.integers(min_value=1, max_value=3))
async def test_jobs_come_exactly_once_and_none_that_came_later(database: Database, before: int, limit: int) -> None:
    tenant = f"tenant-{uuid4()}"
    known = [asked(f"talk {n}", tenant) for n in range(before)]
    for job in known:
        await ingest(database, job)

    async def arrive() -> None:
        await ingest(database, asked(str(uuid4()), tenant))

    def ask(connection: Connection, window: Window) -> Awaitable[Page]:
        return list_jobs(connection, tenant, None, window)

    found = [item["job_id"] for item in await walked(database, ask, limit, [arrive] * before)]
    assert found == [job.job_id for job in reversed(known)]


async def test_a_recording_whose_beginning_is_heard_of_late_keeps_its_place_and_its_time(database: Database) -> None:
    late, other = asked("late"), asked("other")
    await transcribe(database, late, "said", at=NOW)
    await persisted(database, ingested(other, -1))
    await persisted(database, ingested(late, -2))
    async with database.transaction() as connection:
        listed = await catalog.list_recordings(connection, "default", catalog.Filters(), Window(limit=10))
        since = catalog.Filters(created_after=NOW - timedelta(minutes=1, seconds=30))
        recent = await catalog.list_recordings(connection, "default", since, Window(limit=10))
    assert [(item["recording_id"], item["created_at"]) for item in listed.items] == [
        (late.recording_id, NOW - timedelta(minutes=2)),
        (other.recording_id, NOW - timedelta(minutes=1)),
    ]
    assert [item["recording_id"] for item in recent.items] == [other.recording_id]


async def test_who_has_a_language_is_transcribed(database: Database) -> None:
    await transcribe(database, asked("talk"), "said")
    await persisted(database, ingested(asked("waiting"), 0))
    for status, n in ((None, 1), ("transcribed", 1), ("queued", 0), ("failed", 0)):
        filters = catalog.Filters(language="en", status=status)  # type: ignore[arg-type]
        async with database.transaction() as connection:
            page = await catalog.list_recordings(connection, "default", filters, Window(limit=10))
        assert len(page.items) == n, status


def some_reports() -> list[Report]:
    """Of three tenants and two lanes, with ends of all kinds, and everything twice."""
    started, failed, rejected = (
        EVENTS[name] for name in ("transcription.started.v1", "transcription.failed.v1", "recording.rejected.v1")
    )
    assert isinstance(started, TranscriptionStarted)
    assert isinstance(failed, TranscriptionFailed)
    found: list[Report] = [rejected]  # type: ignore[list-item]
    for n in range(12):
        lane = Lane.BULK if n % 2 else Lane.INTERACTIVE
        job = asked(f"talk {n}", ("default", "red", "blue")[n % 3], lane=lane, duration_seconds=0.1 * n)
        ids: dict[str, Any] = {"tenant": job.tenant, "recording_id": job.recording_id, "job_id": job.job_id}
        transcript = replace(TRANSCRIPT, **ids, language="nl" if n % 2 else "en", generation=0)
        ends = (replace(failed, **ids, generation=0), Transcribed(transcript=transcript, outcome_key=job.outcome_key))
        found += [ingested(job, n), replace(started, **ids, generation=0), *ends[: n % 3]]
    return found * 2


COUNTED = """
    SELECT tenant, 'recordings' AS counted, NULL AS lane, status, count(*)::int AS n, 0::float8 AS seconds
    FROM recordings GROUP BY tenant, status
    UNION ALL SELECT tenant, 'jobs', lane, status, count(*)::int, coalesce(sum(duration_seconds), 0)
    FROM jobs GROUP BY tenant, lane, status ORDER BY 1, 2, 3, 4
"""
KEPT = """
    SELECT tenant, counted, lane, status, sum(n)::int AS n, sum(audio_seconds)::float8 AS seconds FROM status_counts
    GROUP BY tenant, counted, lane, status HAVING sum(n) <> 0 ORDER BY 1, 2, 3, 4
"""
TAGGED = "recording_id, tag, tenant, listed_at, position, status, language, to_review, duration_seconds"
WAITING = """
    SELECT tenant, language, count(*)::int AS n, coalesce(sum(duration_seconds), 0) AS seconds FROM recordings
    WHERE review = 'unreviewed' AND current_revision IS NOT NULL GROUP BY tenant, language ORDER BY 1, 2
"""
LEFT = """
    SELECT tenant, language, sum(n)::int AS n, sum(audio_seconds)::float8 AS seconds FROM review_counts
    GROUP BY tenant, language HAVING sum(n) <> 0 ORDER BY 1, 2
"""


async def check_what_triggers_keep(database: Database) -> None:
    there, kept = await rows(database, COUNTED), await rows(database, KEPT)
    assert [{**row, "seconds": pytest.approx(row["seconds"])} for row in there] == kept
    waiting, left = await rows(database, WAITING), await rows(database, LEFT)
    assert [{**row, "seconds": pytest.approx(row["seconds"])} for row in waiting] == left
    of_recordings = await rows(database, f"SELECT {TAGGED} FROM recordings, unnest(tags) AS tag ORDER BY {TAGGED}")  # noqa: S608
    assert await rows(database, f"SELECT {TAGGED} FROM recording_tags ORDER BY {TAGGED}") == of_recordings  # noqa: S608
    assert await rows(database, "SELECT FROM recordings WHERE created_at > listed_at") == []
    assert await rows(database, "SELECT FROM recordings WHERE language IS NOT NULL AND status <> 'transcribed'") == []


@pytest.mark.parametrize("seed", range(5))
async def test_counts_and_tags_are_those_of_the_rows_after_every_batch(database: Database, seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - an order, not a secret
    waiting = drawn.sample(some_reports(), k=len(some_reports()))
    while waiting:
        if drawn.random() < 0.3:
            async with database.transaction() as connection:
                await activity.fold_counts(connection)
        size = drawn.randint(1, 9)
        await persisted(database, *waiting[:size])
        del waiting[:size]
        await check_what_triggers_keep(database)
    async with database.transaction() as connection:
        await activity.fold_counts(connection)
    assert len(await rows(database, "SELECT FROM status_counts")) == len(await rows(database, COUNTED))
    assert len(await rows(database, "SELECT FROM review_counts")) == len(await rows(database, WAITING))


async def test_counts_and_tags_follow_what_is_changed_and_removed_by_hand(
    database: Database, owner: psycopg.Connection
) -> None:
    await persisted(database, *some_reports())
    owner.execute("UPDATE recordings SET tags = '{one,two}' WHERE tenant = 'red'")
    await check_what_triggers_keep(database)
    owner.execute("UPDATE recordings SET tags = '{two}' WHERE tenant = 'red'")
    await check_what_triggers_keep(database)
    for table in ("sources", "segments", "transcripts", "attempts", "jobs", "recordings"):
        owner.execute(f"DELETE FROM {table} WHERE tenant = 'blue'")  # noqa: S608
    await check_what_triggers_keep(database)
    async with database.reading("blue") as connection:
        counted = await activity.count(connection, "blue")
    assert set(counted["recordings"].values()) | set(counted["jobs"].values()) == {0}


async def test_a_transaction_that_fails_counts_nothing(database: Database) -> None:
    await persisted(database, *some_reports())
    before = await rows(database, KEPT)
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as connection:
            await connection.execute("UPDATE jobs SET status = 'failed'")
            raise ZeroDivisionError
    assert await rows(database, KEPT) == before


async def test_a_catalogue_of_the_version_before_is_counted_and_listed_as_it_stands(empty_dsn: str) -> None:
    migrate(empty_dsn, "0009")
    with psycopg.connect(empty_dsn) as owner:
        owner.execute(
            "INSERT INTO recordings (recording_id, tenant, created_at, tags, status, current_revision) "
            "VALUES (%s, 'default', %s, '{calls,all}', 'transcribed', 1)",
            (RECORDING, NOW),
        )
        owner.execute(
            "INSERT INTO jobs (job_id, recording_id, tenant, generation, lane, status, duration_seconds) "
            "VALUES (%s, %s, 'default', 0, 'bulk', 'completed', 2.5)",
            (JOB, RECORDING),
        )
        owner.execute(
            "INSERT INTO transcripts (recording_id, revision, tenant, job_id, kind, generation, model, engine, "
            "language, language_probability, text, created_at) "
            "VALUES (%s, 1, 'default', %s, 'machine', 0, 'small', '{}', 'de', 1, 'Guten Tag', %s)",
            (RECORDING, JOB, NOW),
        )
    migrate(empty_dsn)
    async with Database(PostgresSettings(dsn=empty_dsn)) as database:
        await check_what_triggers_keep(database)
        async with database.reading("default") as connection:
            filters = catalog.Filters(tag="calls", language="de")
            page = await catalog.list_recordings(connection, "default", filters, Window(limit=1))
            counted = await activity.count(connection, "default")
    assert [item["language"] for item in page.items] == ["de"]
    assert (counted["recordings"]["transcribed"], counted["jobs"]["completed"]) == (1, 1)
