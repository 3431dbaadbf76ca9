"""Row-level security, besides the queries: a statement that forgets the tenant shows nothing of another's."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction

from ai2text.common.clock import utc_now
from ai2text.common.contracts.datasets import DatasetAssembled, DatasetReference
from ai2text.common.contracts.erasure import Tombstone
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.recordings import RecordingRejected
from ai2text.common.errors import Misconfigured
from ai2text.common.occurrences import Kind
from ai2text.metadata.issue_key import issue_key
from ai2text.metadata.postgres.datasets import save_version
from ai2text.metadata.postgres.erasures import save_erasure
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.postgres.quotas import save_quota
from ai2text.metadata.postgres.retention import save_retention
from ai2text.metadata.postgres.webhooks import insert_webhook
from ai2text.metadata.remains import Remains
from ai2text.metadata.search import RANKED, search_segments
from ai2text.metadata.settings import PostgresSettings
from tests.fixtures.examples import EVENTS
from tests.integration.metadata.catalogue import asked, ingest, persisted, start, transcribe

TABLES = (
    *("recordings", "recording_tags", "sources", "jobs", "attempts", "transcripts", "segments", "status_counts"),
    *("tenants", "api_keys", "quotas", "dataset_versions", "dataset_references", "webhooks", "webhook_deliveries"),
    *("review_counts", "erasures", "retention"),
)
TENANTS = ("red", "blue")


def _rejected() -> RecordingRejected:
    event = EVENTS["recording.rejected.v1"]
    assert isinstance(event, RecordingRejected)
    return event


def _assembled() -> DatasetAssembled:
    event = EVENTS["dataset.assembled.v1"]
    assert isinstance(event, DatasetAssembled)
    return event


ASSEMBLED, REJECTED = _assembled(), _rejected()


async def fill(database: Database) -> None:
    for tenant in TENANTS:
        job = asked("talk", tenant)
        admin = Caller(tenant=tenant, subject="s", scopes=frozenset({Scope.ADMIN}), request_id="r")
        async with database.transaction() as connection:
            await insert_webhook(connection, admin, "https://hooks.example.org/", [Kind.REJECTED], b"secret")
        await persisted(database, replace(REJECTED, tenant=tenant, rejected_at=utc_now()))
        await ingest(database, job)
        await start(database, job)
        await transcribe(database, job, f"a secret of {tenant}")
        await issue_key(database, admin, "key", frozenset({Scope.ADMIN}), None)
        reference = DatasetReference(recording_id=job.recording_id, revision=1, job_id=job.job_id)
        async with database.transaction() as connection:
            await save_quota(connection, tenant, 60)
            await save_retention(connection, tenant, 30, "s")
            await save_version(connection, replace(ASSEMBLED, tenant=tenant), [reference])
            gone = Tombstone(tenant=tenant, recording_id=f"{uuid4()}", next_life=1, erased_at=utc_now())
            await save_erasure(connection, gone, Remains())


async def seen(database: Database, tenant: str, table: str) -> set[str]:
    async with database.reading(tenant) as connection:
        cursor = await connection.execute(f"SELECT tenant FROM {table}")  # noqa: S608 - constants
        return {row["tenant"] for row in await cursor.fetchall()}


@pytest.mark.parametrize("table", TABLES)
async def test_a_query_without_a_tenant_shows_the_readers_own_rows_only(database: Database, table: str) -> None:
    await fill(database)
    for tenant in TENANTS:
        assert await seen(database, tenant, table) == {tenant}
    assert await seen(database, "nobody", table) == set()


async def test_a_pooled_connection_forgets_whose_it_was(postgres_dsn: str) -> None:
    async with Database(PostgresSettings(dsn=postgres_dsn, pool_size=1)) as database:
        await fill(database)
        for tenant in (*TENANTS, *TENANTS):
            for table in TABLES:
                assert await seen(database, tenant, table) == {tenant}
        async with database._readers.connection() as connection:  # noqa: SLF001 - what nobody else can do
            for table in TABLES:
                cursor = await connection.execute(f"SELECT count(tenant) AS n FROM {table}")  # noqa: S608 - constants
                assert await cursor.fetchone() == {"n": 0}, "no tenant, no rows"


async def test_readers_of_two_tenants_at_once_never_mix(database: Database) -> None:
    await fill(database)
    answers = await asyncio.gather(*(seen(database, TENANTS[n % 2], "jobs") for n in range(60)))
    assert answers == [{TENANTS[n % 2]} for n in range(60)]


async def test_the_search_finds_the_readers_own_words_only(database: Database) -> None:
    await fill(database)
    for tenant in TENANTS:
        async with database.reading(tenant) as connection:
            hits = (await search_segments(connection, "secret", 10)).items
        assert [hit["text"] for hit in hits] == [f"a secret of {tenant}"]


async def test_a_search_tells_nothing_of_how_often_another_tenant_says_a_word(database: Database) -> None:
    await transcribe(database, asked("one", "red"), "we all say this")
    await transcribe(database, asked("many", "blue"), *["we all say this"] * (RANKED + 1), "nobody else says that")
    async with database.reading("red") as connection:
        for query, number in {"say": 1, "th*": 1, "that": 0, '"nobody else"': 0, "that or s*": 1}.items():
            found = await search_segments(connection, query, 1000)
            assert (len(found.items), found.more) == (number, False), query
    with pytest.raises(InsufficientPrivilege):
        async with database.reading("red") as connection:
            await connection.execute("SELECT FROM segment_words")


@pytest.mark.parametrize("statement", ["DELETE FROM recordings", "UPDATE jobs SET status = 'failed'"])
async def test_a_reader_changes_nothing(database: Database, statement: str) -> None:
    await fill(database)
    with pytest.raises((InsufficientPrivilege, ReadOnlySqlTransaction)):
        async with database.reading("red") as connection:
            await connection.execute(statement)


@pytest.mark.parametrize("table", ["outbox", "dead_letters", "audit", "alembic_version"])
async def test_a_reader_does_not_see_what_belongs_to_no_tenant(database: Database, table: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        async with database.reading("red") as connection:
            await connection.execute(f"SELECT FROM {table}")


async def test_every_table_with_a_tenant_is_under_row_level_security_and_among_those_that_are_looked_at(
    database: Database, owner: psycopg.Connection
) -> None:
    readable = owner.execute(
        """
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
            AND has_any_column_privilege('ai2text_reader', c.oid, 'SELECT')
        """
    ).fetchall()
    assert {name for (name,) in readable} == set(TABLES)
    found = owner.execute(
        """
        SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
            AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
            AND has_any_column_privilege('ai2text_reader', c.oid, 'SELECT')
        """
    ).fetchall()
    assert found == []


def test_an_ordinary_owner_can_migrate_and_one_who_may_not_make_roles_is_told_what_to_do(
    empty_dsn: str,
) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as owner:
        check_an_ordinary_owner(owner, empty_dsn)


def check_an_ordinary_owner(owner: psycopg.Connection, dsn: str) -> None:
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    owner.execute("DROP ROLE IF EXISTS plain_owner")
    owner.execute("CREATE ROLE plain_owner LOGIN PASSWORD 'x'")
    owner.execute(f'GRANT ALL ON DATABASE "{name}" TO plain_owner')
    owner.execute("GRANT ALL ON SCHEMA public TO plain_owner")
    plain = psycopg.conninfo.make_conninfo(dsn, user="plain_owner", password="x")
    try:
        with pytest.raises(Misconfigured, match="GRANT ai2text_reader, ai2text_writer TO"):
            migrate(plain)
        for role in ("ai2text_reader", "ai2text_writer"):
            owner.execute(f"GRANT {role} TO plain_owner WITH INHERIT TRUE, SET TRUE")
        migrate(plain)
        asyncio.run(_works(plain))
    finally:
        owner.execute("DROP OWNED BY plain_owner CASCADE")
        owner.execute("DROP ROLE plain_owner")


async def _works(dsn: str) -> None:
    async with Database(PostgresSettings(dsn=dsn)) as database:
        await fill(database)
        assert await seen(database, "red", "segments") == {"red"}
        async with database.reading("blue") as connection:
            assert len((await search_segments(connection, "secret", 10)).items) == 1
