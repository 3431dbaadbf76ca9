"""Every question that is asked often goes along an index, as the reader role, where the planner has a choice.

The plans were looked at once with a million recordings (`python -m tests.bench catalogue`): they are these.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from ai2text.common.contracts.states import JobStatus, RecordingStatus
from ai2text.metadata import activity, catalog, jobs, review_queue
from ai2text.metadata.page import BY_POSITION, Window
from ai2text.metadata.postgres import jobs as job_rows
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Connection, Database
from ai2text.metadata.search import search_segments
from ai2text.metadata.settings import PostgresSettings
from tests.fixtures.examples import NOW
from tests.fixtures.explained import Explained
from tests.fixtures.filled_catalogue import LARGE, fill
from tests.fixtures.servers import Server, dsn_of

pytestmark = pytest.mark.slow

RECORDINGS = 50_000
MIDDLE = NOW - timedelta(seconds=30 * RECORDINGS / 2)
FAILED = RecordingStatus.FAILED
SOMEBODY = "00000000-0000-0000-0000-000000000000"
Ask = Callable[[Connection], Awaitable[object]]


@pytest.fixture(scope="module")
def filled_dsn(postgres_server: Server) -> Iterator[str]:
    name = f"filled_{uuid4().hex}"
    identifier = sql.Identifier(name)
    with psycopg.connect(dsn_of(postgres_server), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        dsn = dsn_of(postgres_server, name)
        migrate(dsn)
        with psycopg.connect(dsn) as owner:
            fill(owner, RECORDINGS, with_segments=RECORDINGS // 10)
        yield dsn
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@pytest.fixture
async def filled(filled_dsn: str) -> AsyncIterator[Database]:
    async with Database(PostgresSettings(dsn=filled_dsn)) as database:
        yield database


async def explained(database: Database, ask: Ask) -> Explained:
    async with database.reading(LARGE) as connection:
        asked = Explained(connection)
        await ask(asked.connection)
    assert asked.plans
    return asked


FILTERS = {
    "recordings_by_tenant": catalog.Filters(),
    "recordings_by_status": catalog.Filters(status=FAILED),
    "recordings_by_language": catalog.Filters(language="nl"),
    "tags_by_tenant": catalog.Filters(tag="all"),
    "tags_by_status": catalog.Filters(tag="all", status=FAILED),
    "tags_by_language": catalog.Filters(tag="all", language="nl"),
}


@pytest.mark.parametrize("since", [None, MIDDLE - timedelta(days=6)], ids=["any-time", "created-after"])
@pytest.mark.parametrize("page", [None, MIDDLE], ids=["first", "middle"])
@pytest.mark.parametrize("index", FILTERS)
async def test_a_page_of_recordings_is_read_in_the_order_of_one_index(
    filled: Database, index: str, page: object, since: object
) -> None:
    chosen = FILTERS[index]
    filters = catalog.Filters(status=chosen.status, language=chosen.language, tag=chosen.tag, created_after=since)  # type: ignore[arg-type]
    after = catalog.LISTED.cursor({"listed_at": page, "position": 0}) if page else None
    window = Window(limit=100, after=after)
    asked = await explained(filled, lambda c: catalog.list_recordings(c, LARGE, filters, window))
    assert index in asked.indexes()
    assert asked.whole_tables() == set()
    assert asked.sorts() == []


@pytest.mark.parametrize("position", [None, RECORDINGS // 2], ids=["first", "middle"])
@pytest.mark.parametrize(("status", "index"), [(None, "jobs_by_tenant"), (JobStatus.FAILED, "jobs_by_status")])
async def test_a_page_of_jobs_is_read_in_the_order_of_one_index(
    filled: Database, status: JobStatus | None, index: str, position: int | None
) -> None:
    after = BY_POSITION.cursor({"position": position}) if position else None
    window = Window(limit=100, after=after)
    asked = await explained(filled, lambda c: jobs.list_jobs(c, LARGE, status, window))
    assert asked.indexes() == {index}
    assert asked.whole_tables() == set()
    assert asked.sorts() == []


WAITING = {
    "recordings_to_review": review_queue.Chosen(),
    "recordings_to_review_by_language": review_queue.Chosen(language="nl"),
    "tags_to_review": review_queue.Chosen(tag="all"),
    "tags_to_review_by_language": review_queue.Chosen(tag="all", language="nl"),
}


@pytest.mark.parametrize("gain", [None, 50_000], ids=["first", "middle"])
@pytest.mark.parametrize("index", WAITING)
async def test_a_page_of_the_review_queue_is_read_in_the_order_of_one_index(
    filled: Database, index: str, gain: int | None
) -> None:
    after = review_queue.BY_GAIN.cursor({"to_review": gain, "position": 0}) if gain else None
    window = Window(limit=100, after=after)
    asked = await explained(filled, lambda c: review_queue.list_review(c, LARGE, WAITING[index], window))
    assert index in asked.indexes()
    assert asked.whole_tables() <= {"review_counts"}
    assert asked.sorts() == []


SINGLE: dict[str, tuple[Ask, set[str]]] = {
    "recording": (lambda c: catalog.find_recording(c, LARGE, SOMEBODY), {"recordings_pkey", "transcripts_pkey"}),
    "audio": (lambda c: catalog.find_audio(c, LARGE, SOMEBODY), {"recordings_pkey"}),
    "job": (lambda c: jobs.find_job(c, LARGE, SOMEBODY), {"jobs_pkey"}),
    "outcome": (lambda c: jobs.find_outcome_key(c, LARGE, SOMEBODY), {"jobs_pkey"}),
    "generations": (lambda c: job_rows.job_generations(c, LARGE, SOMEBODY), {"jobs_by_recording"}),
    "rates": (lambda c: activity.rates(c, LARGE, NOW - timedelta(minutes=5)), {"jobs_by_end"}),
    "failures": (
        lambda c: activity.failures(c, LARGE, NOW - timedelta(hours=1)),
        {"jobs_failed", "recordings_rejected"},
    ),
}


@pytest.mark.parametrize("question", SINGLE)
async def test_what_is_asked_of_few_rows_reads_few_rows(filled: Database, question: str) -> None:
    ask, indexes = SINGLE[question]
    asked = await explained(filled, ask)
    assert indexes <= asked.indexes()
    assert asked.whole_tables() == set()


async def test_a_transcript_is_read_by_its_recording(filled: Database, filled_dsn: str) -> None:
    with psycopg.connect(filled_dsn) as owner:
        row = owner.execute("SELECT recording_id FROM segments WHERE tenant = %s LIMIT 1", (LARGE,)).fetchone()
    assert row is not None
    recording: UUID = row[0]
    asked = await explained(filled, lambda c: catalog.find_transcript(c, LARGE, str(recording)))
    assert {"recordings_pkey", "transcripts_pkey", "segments_pkey"} <= asked.indexes()
    assert asked.whole_tables() == set()


async def test_counts_and_the_backlog_look_at_no_recording_and_no_job(filled: Database) -> None:
    for ask in (lambda c: activity.count(c, LARGE), lambda c: activity.backlog(c, LARGE)):
        asked = await explained(filled, ask)
        assert asked.whole_tables() | asked.indexes() <= {"status_counts", "counts_by_tenant"}


async def test_jobs_that_wait_are_found_by_when_they_were_published(filled: Database) -> None:
    async with filled.transaction() as connection:
        asked = Explained(connection)
        for question in (
            job_rows.published_before(asked.connection, 0, 500),
            job_rows.without_end(asked.connection, [SOMEBODY]),
            job_rows.unknown_asks(asked.connection, [(SOMEBODY, SOMEBODY)]),
        ):
            await question
    assert {"jobs_waiting", "jobs_pkey"} <= asked.indexes()
    assert asked.whole_tables() == set()


async def test_the_search_looks_words_up_in_its_index(filled: Database) -> None:
    """It is a function, into which EXPLAIN does not look; PostgreSQL counts what it read."""
    async with filled.reading(LARGE) as connection:
        page = await search_segments(connection, "word77 of", 10)
        cursor = await connection.execute(
            """
            SELECT pg_stat_get_xact_numscans('segments_by_words'::regclass) AS looked_up,
                pg_stat_get_xact_numscans('segment_words'::regclass) + pg_stat_get_xact_numscans('segments'::regclass)
                    AS read_whole
            """
        )
        counted = await cursor.fetchone()
    assert len(page.items) == 10
    assert counted == {"looked_up": 1, "read_whole": 0}
