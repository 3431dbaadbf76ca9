"""What goes wrong between the service and PostgreSQL: nothing leaks, nothing waits for ever, nothing happens twice."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from psycopg.conninfo import make_conninfo
from psycopg.errors import DivisionByZero

from ai2text.common import caller_token
from ai2text.common.clock import utc_now
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.problems import answer_errors_as_problems
from ai2text.metadata.measure_backlog import measure_backlog
from ai2text.metadata.news import News
from ai2text.metadata.persist_dead_letter import persist_dead_letter
from ai2text.metadata.persist_reports import save
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import CatalogueUnavailable, Connection, Database
from ai2text.metadata.replay_dead_letter import replay_dead_letter
from ai2text.metadata.routes.search import search_router
from ai2text.metadata.settings import PostgresSettings
from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.servers import Server, dsn_of
from tests.integration.metadata.catalogue import asked, ingest, rows, transcribe
from tests.integration.metadata.test_dead_letters import letter_of
from tests.integration.metadata.test_lists_and_counts import check_what_triggers_keep

SIZE = 4
FAILURES = 1000
KEY = "k" * 32
COMMIT = b"COMMIT\0"
"""The end of a statement; tables are made ON COMMIT DELETE ROWS, too."""
Fail = Callable[[Connection], Awaitable[object]]


@pytest.fixture
async def small(postgres_dsn: str) -> AsyncIterator[Database]:
    """With few connections and little patience."""
    settings = PostgresSettings(
        dsn=postgres_dsn, pool_size=SIZE, pool_timeout_seconds=1, statement_timeout_seconds=0.05
    )
    async with Database(settings) as database:
        yield database


@pytest.fixture
async def through_proxy(postgres_dsn: str, postgres_proxy: FaultProxy) -> AsyncIterator[Database]:
    async with Database(PostgresSettings(dsn=make_conninfo(postgres_dsn, port=postgres_proxy.port))) as database:
        yield database


async def _cancelled(connection: Connection) -> None:
    """By whoever asked: a client that went away, a service that stops."""
    asyncio.get_running_loop().call_later(0.005, asyncio.current_task().cancel)  # type: ignore[union-attr]
    await connection.execute("SELECT pg_sleep(10)")


async def _broken(connection: Connection) -> None:
    await connection.execute("SET ROLE NONE")
    await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


KINDS: dict[str, tuple[Fail, type[BaseException]]] = {
    "statement": (lambda c: c.execute("SELECT 1 / 0"), DivisionByZero),
    "timeout": (lambda c: c.execute("SELECT pg_sleep(10)"), CatalogueUnavailable),
    "cancelled": (_cancelled, asyncio.CancelledError),
    "broken": (_broken, CatalogueUnavailable),
}


async def failed(database: Database, number: int) -> None:
    """Every kind in turn, on either role."""
    fail, expected = list(KINDS.values())[number % len(KINDS)]
    with pytest.raises(expected):
        async with database.transaction() if number % 8 < len(KINDS) else database.reading("default") as connection:
            await fail(connection)


@pytest.mark.lesson("L07")
async def test_l07_a_thousand_failures_of_all_kinds_leave_the_pools_whole(
    small: Database, owner: psycopg.Connection
) -> None:
    waiting = iter(range(FAILURES))

    async def one_after_the_other() -> None:
        for number in waiting:
            await asyncio.create_task(failed(small, number))

    await asyncio.gather(*(one_after_the_other() for _ in range(2 * SIZE)))
    await asyncio.gather(*(_asks(small) for _ in range(20 * SIZE)))
    numbers = small.numbers()
    for role in ("writer", "reader"):
        assert numbers[role]["pool_size"] == numbers[role]["pool_available"] <= SIZE
        assert numbers[role].get("requests_waiting", 0) == 0
        assert numbers[role]["requests_num"] >= FAILURES / 2
        assert numbers[role]["returns_bad"] >= FAILURES / 2 / len(KINDS)
    counted = owner.execute(
        "SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchone()
    assert counted is not None
    assert counted[0] <= 2 * SIZE
    assert counted[1] == 0, "no transaction was left open"


async def _asks(database: Database) -> None:
    async with database.transaction() as writing, database.reading("default") as reading:
        await writing.execute("SELECT 1")
        await reading.execute("SELECT 1")


async def test_the_pools_own_numbers_are_metrics(small: Database) -> None:
    for number in range(8):
        await asyncio.create_task(failed(small, number))
    stop = asyncio.Event()
    measuring = asyncio.create_task(measure_backlog(small, stop))
    try:
        async with asyncio.timeout(10):
            while not _metric("writer", "returns_bad"):
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await measuring
    for role in ("writer", "reader"):
        numbers = small.numbers()[role]
        assert _metric(role, "returns_bad") == numbers["returns_bad"] >= 1
        assert _metric(role, "pool_max") == SIZE


def _metric(role: str, number: str) -> float | None:
    return REGISTRY.get_sample_value("ai2text_postgres_pool", {"role": role, "number": number})


async def test_when_all_connections_are_taken_a_request_waits_its_time_and_is_told_to_come_again(
    small: Database,
) -> None:
    app = FastAPI()
    answer_errors_as_problems(app)
    app.include_router(search_router(small, caller_token.authenticated(KEY)))
    somebody = Caller(
        tenant="default", subject="me", scopes=frozenset({Scope.RECORDINGS_READ}), request_id="0123456789abcdef"
    )
    headers = {caller_token.HEADER: caller_token.sign(somebody, KEY, utc_now)}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://inside") as client:
        async with AsyncExitStack() as held:
            for _ in range(SIZE):
                await held.enter_async_context(small.reading("default"))
            began = time.monotonic()
            refused = await client.get("/v1/search", params={"q": "word"}, headers=headers)
            waited = time.monotonic() - began
        answered = await client.get("/v1/search", params={"q": "word"}, headers=headers)
    assert (refused.status_code, refused.json()["code"], refused.headers["Retry-After"]) == (503, "unavailable", "2")
    assert waited >= 0.9
    assert small.numbers()["reader"]["requests_errors"] == 1
    assert answered.status_code == 200


async def test_a_database_that_was_away_is_used_again_when_it_is_back(
    through_proxy: Database, postgres_proxy: FaultProxy
) -> None:
    assert await through_proxy.answers()
    postgres_proxy.refuse()
    assert not await through_proxy.answers()
    postgres_proxy.resume()
    async with asyncio.timeout(30):
        while not await through_proxy.answers():
            await asyncio.sleep(0.1)


async def test_a_commit_whose_answer_was_lost_is_repeated_without_anything_double(
    database: Database, through_proxy: Database, postgres_proxy: FaultProxy
) -> None:
    job = asked("talk")
    postgres_proxy.lose_answer_to(COMMIT)
    with pytest.raises(CatalogueUnavailable):
        await transcribe(through_proxy, job, "said", "twice")
    before = await _everything(database)
    assert len(before["recordings"]) == 1, "it was committed"
    await transcribe(through_proxy, job, "said", "twice")
    assert await _everything(database) == before
    await check_what_triggers_keep(database)


async def test_a_replay_whose_answer_was_lost_asks_for_one_job(
    database: Database, through_proxy: Database, postgres_proxy: FaultProxy
) -> None:
    job = asked("talk")
    await ingest(database, job)
    dead = letter_of(job)
    await persist_dead_letter(database, dead, 1)
    postgres_proxy.lose_answer_to(COMMIT)
    with pytest.raises(CatalogueUnavailable):
        await replay_dead_letter(through_proxy, dead.dead_letter_id, utc_now)
    again = await replay_dead_letter(through_proxy, dead.dead_letter_id, utc_now)
    assert again is not None
    assert not again.now
    assert [row["generation"] for row in await rows(database, "SELECT generation FROM jobs ORDER BY 1")] == [0, 1]
    assert len(await rows(database, "SELECT FROM outbox")) == 1


async def _everything(database: Database) -> dict[str, list[dict[str, Any]]]:
    tables = ("recordings", "sources", "jobs", "transcripts", "segments", "outbox", "recording_tags", "status_counts")
    return {table: await rows(database, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}  # noqa: S608


@pytest.mark.timeout(180)
@pytest.mark.slow
async def test_postgres_killed_in_the_middle_of_a_transaction_keeps_nothing_of_it(own_postgres: Server) -> None:
    dsn = dsn_of(own_postgres)
    migrate(dsn)
    job = asked("talk")
    async with Database(PostgresSettings(dsn=dsn)) as database:
        await ingest(database, asked("before"))
        with pytest.raises(CatalogueUnavailable):
            async with database.transaction() as connection:
                news = News()
                news.ask(job)
                await save(connection, news, utc_now)
                await asyncio.to_thread(own_postgres.kill)
        assert not await database.answers()
        await asyncio.to_thread(own_postgres.start)
        async with asyncio.timeout(60):
            while not await database.answers():
                await asyncio.sleep(0.1)
        assert len(await rows(database, "SELECT FROM jobs")) == 1
        await ingest(database, job)
        assert len(await rows(database, "SELECT FROM jobs")) == 2
        await check_what_triggers_keep(database)
        async with asyncio.timeout(10):
            while not _whole(database.numbers()["writer"]):
                await asyncio.sleep(0.1)


def _whole(numbers: dict[str, Any]) -> bool:
    """Nothing is lent and nothing is being made."""
    return bool(numbers["pool_size"] == numbers["pool_available"])
