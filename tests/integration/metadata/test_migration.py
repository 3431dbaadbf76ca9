"""A catalogue of the version before keeps its rows, and the new columns say what can be known of them."""

from datetime import timedelta

import psycopg
import pytest

from ai2text.metadata.jobs import list_jobs
from ai2text.metadata.page import Window
from ai2text.metadata.postgres import outbox
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.settings import PostgresSettings
from tests.fixtures.examples import NOW, RECORDING
from tests.integration.metadata.catalogue import asked, ingest, rows

REQUESTED_AFTER_MINUTES = {"2": 0, "1": 1, "3": 2}


@pytest.fixture
def postgres_dsn(empty_dsn: str) -> str:
    return empty_dsn


def first_version(dsn: str) -> None:
    """One recording with three jobs, written in another order than they were asked for."""
    migrate(dsn, "0001")
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO recordings (recording_id, tenant, duration_seconds, created_at) VALUES (%s, 'default', 7, %s)",
            (RECORDING, NOW),
        )
        for last in sorted(REQUESTED_AFTER_MINUTES):
            connection.execute(
                "INSERT INTO jobs (job_id, recording_id, tenant, generation, status, requested_at) "
                "VALUES (%s, %s, 'default', 0, 'queued', %s)",
                (RECORDING[:-1] + last, RECORDING, NOW + timedelta(minutes=REQUESTED_AFTER_MINUTES[last])),
            )
        connection.execute("INSERT INTO outbox (subject, payload) VALUES ('transcript.persisted.v1', '{}')")


async def test_jobs_of_the_first_version_are_listed_by_when_they_were_asked_for(postgres_dsn: str) -> None:
    first_version(postgres_dsn)
    migrate(postgres_dsn)
    async with Database(PostgresSettings(dsn=postgres_dsn)) as database:
        newest = asked("another")
        await ingest(database, newest)
        async with database.transaction() as connection:
            page = await list_jobs(connection, "default", None, Window(limit=10))
        listed = [job["job_id"] for job in page.items]
        assert listed == [newest.job_id, *(RECORDING[:-1] + last for last in "312")]
        durations = await rows(database, "SELECT DISTINCT duration_seconds AS s FROM jobs WHERE model IS NULL")
        assert durations == [{"s": 7}]


async def test_what_stood_in_the_outbox_is_still_published_and_under_one_id(postgres_dsn: str) -> None:
    first_version(postgres_dsn)
    migrate(postgres_dsn)
    async with Database(PostgresSettings(dsn=postgres_dsn)) as database:
        async with database.transaction() as connection:
            (first,) = await outbox.take(connection, 10)
        async with database.transaction() as connection:
            (again,) = await outbox.take(connection, 10)
    assert first == again
    assert first.message_id


async def test_a_replica_of_the_first_version_can_go_on_writing(postgres_dsn: str) -> None:
    migrate(postgres_dsn)
    with psycopg.connect(postgres_dsn) as connection:
        for _ in range(2):
            connection.execute("INSERT INTO outbox (subject, payload) VALUES ('transcript.persisted.v1', '{}')")
        ids = connection.execute("SELECT message_id FROM outbox").fetchall()
    assert len(set(ids)) == 2
