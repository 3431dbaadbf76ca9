"""What a page costs, wherever it lies in a catalogue of a million recordings, and what counting and searching do.

As the service asks: its own functions on its own pools, as the reader role under row-level security. Beside it the
same page by OFFSET, and the same counts by counting.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any, LiteralString

import psycopg

from ai2text.cli import servers
from ai2text.common.contracts.states import JobStatus, RecordingStatus
from ai2text.metadata import activity, catalog, jobs, review_queue
from ai2text.metadata.page import BY_POSITION, Order, Page, Window
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Connection, Database
from ai2text.metadata.search import search_segments
from ai2text.metadata.settings import PostgresSettings
from tests.bench.table import Figure, Row
from tests.fixtures.examples import NOW
from tests.fixtures.filled_catalogue import LARGE, fill
from tests.fixtures.servers import dsn_of, running

TIMES, TIMES_SLOW = 40, 3
PAGE = 100
RECENT = timedelta(days=100)
MATCHING: LiteralString = """
    FROM recordings WHERE tenant = %(tenant)s AND (%(status)s::text IS NULL OR status = %(status)s)
        AND (%(language)s::text IS NULL OR language = %(language)s) AND (%(tag)s::text IS NULL OR %(tag)s = ANY (tags))
        AND (%(created_after)s::timestamptz IS NULL OR created_at > %(created_after)s)
"""
Ask = Callable[[Connection], Awaitable[Any]]
AskPage = Callable[[Connection, Window], Awaitable[Page | review_queue.ReviewPage]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list, and which rows it is of: for finding places in it, which is no part of what is measured."""

    name: str
    ask: AskPage
    order: Order
    rows: LiteralString
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipping(Window):
    """The window as it is often done: all before it is read and thrown away."""

    skip: int

    def clause(self, order: Order = BY_POSITION, table: str = "") -> str:
        return f"{Window.clause(self, order, table)} OFFSET {self.skip}"


def run(recordings: int = 1_000_000) -> list[Row]:
    with running(servers.postgres, "postgres") as server:
        dsn = dsn_of(server)
        migrate(dsn)
        with psycopg.connect(dsn) as owner:
            fill(owner, recordings)
        return asyncio.run(_run(dsn))


async def _run(dsn: str) -> list[Row]:
    async with Database(PostgresSettings(dsn=dsn, statement_timeout_seconds=300)) as database:
        nothing = await _milliseconds(database, lambda c: c.execute("SELECT 1"), TIMES)
        return [
            _row("a transaction that asks nothing", nothing),
            *[await _pages(database, listed) for listed in (*_recordings(), *_jobs(), *_reviews())],
            *await _numbers(database),
        ]


def _recordings() -> Iterator[Listed]:
    """Each combination of filters; who has a language is transcribed."""
    for status, language, tag, recent in product((False, True), repeat=4):
        chosen = RecordingStatus.TRANSCRIBED if language else RecordingStatus.FAILED
        filters = catalog.Filters(
            status=chosen if status else None,
            language="de" if language else None,
            tag="calls" if tag else None,
            created_after=NOW - RECENT if recent else None,
        )
        named = {chosen.value: status, "de": language, "calls": tag, "of 100 days": recent}
        yield Listed(
            name="".join(["recordings", *(f", {name}" for name, wanted in named.items() if wanted)]),
            ask=partial(_list_recordings, filters),
            order=catalog.LISTED,
            rows=MATCHING,
            parameters={"tenant": LARGE, **asdict(filters)},
        )


def _jobs() -> Iterator[Listed]:
    for status in (None, JobStatus.FAILED):
        yield Listed(
            name=f"jobs, {status}" if status else "jobs",
            ask=partial(_list_jobs, status),
            order=BY_POSITION,
            rows="FROM jobs WHERE tenant = %(tenant)s AND (%(status)s::text IS NULL OR status = %(status)s)",
            parameters={"tenant": LARGE, "status": status},
        )


def _list_recordings(filters: catalog.Filters, connection: Connection, window: Window) -> Awaitable[Page]:
    return catalog.list_recordings(connection, LARGE, filters, window)


def _reviews() -> Iterator[Listed]:
    """With how much is left, which of a tag is summed."""
    for language, tag in product((False, True), repeat=2):
        chosen = review_queue.Chosen(language="de" if language else None, tag="all" if tag else None)
        named = {"de": language, "all": tag}
        yield Listed(
            name="".join(["review queue", *(f", {name}" for name, wanted in named.items() if wanted)]),
            ask=partial(_list_review, chosen),
            order=review_queue.BY_GAIN,
            rows="""
                FROM recordings WHERE tenant = %(tenant)s AND to_review IS NOT NULL
                    AND (%(language)s::text IS NULL OR language = %(language)s)
                    AND (%(tag)s::text IS NULL OR %(tag)s = ANY (tags))
            """,
            parameters={"tenant": LARGE, **asdict(chosen)},
        )


def _list_review(
    chosen: review_queue.Chosen, connection: Connection, window: Window
) -> Awaitable[review_queue.ReviewPage]:
    return review_queue.list_review(connection, LARGE, chosen, window)


def _list_jobs(status: JobStatus | None, connection: Connection, window: Window) -> Awaitable[Page]:
    return jobs.list_jobs(connection, LARGE, status, window)


async def _pages(database: Database, listed: Listed) -> Row:
    """At the beginning, in the middle and at the end."""
    total = await _length(database, listed)
    skipped = (0, total // 2, max(0, total - PAGE))
    windows = [Window(limit=PAGE, after=await _cursor(database, listed, skip)) for skip in skipped]
    found = [await _milliseconds(database, _in(listed.ask, window), TIMES) for window in windows]
    last = Skipping(limit=PAGE, skip=skipped[-1])
    return _row(f"{listed.name} ({total:,})", *found, beside=[await _taken(database, _in(listed.ask, last))])


async def _length(database: Database, listed: Listed) -> int:
    cursor = await _asked(database, lambda c: c.execute(f"SELECT count(*) AS n {listed.rows}", listed.parameters))
    return int((await cursor.fetchone())["n"])


async def _cursor(database: Database, listed: Listed, skip: int) -> str | None:
    """Of the page that ends after so many rows."""
    if skip == 0:
        return None
    names = ", ".join(listed.order.columns)
    newest_first = ", ".join(f"{name} DESC" for name in listed.order.columns)
    statement = f"SELECT {names} {listed.rows} ORDER BY {newest_first} OFFSET {skip - 1} LIMIT 1"
    row = await (await _asked(database, lambda c: c.execute(statement, listed.parameters))).fetchone()
    return listed.order.cursor(row)


def _in(ask: AskPage, window: Window) -> Ask:
    return lambda connection: ask(connection, window)


async def _numbers(database: Database) -> list[Row]:
    """Counts beside counting all rows, and the search."""
    counted: dict[str, tuple[Ask, LiteralString]] = {
        "recordings and jobs by status": (lambda c: activity.count(c, LARGE), "recordings"),
        "the backlog by lane": (lambda c: activity.backlog(c, LARGE), "jobs"),
    }
    searched = {"search, few hits": "word77 word80", "search, every segment": "the"}
    return [
        *[
            _row(name, await _milliseconds(database, ask, TIMES), beside=await _counted(database, table))
            for name, (ask, table) in counted.items()
        ],
        *[_row(name, await _milliseconds(database, _searching(query), TIMES_SLOW)) for name, query in searched.items()],
    ]


async def _counted(database: Database, table: LiteralString) -> list[float]:
    statement = f"SELECT status, count(*) FROM {table} WHERE tenant = %s GROUP BY status"  # noqa: S608 - a constant
    return await _milliseconds(database, lambda c: c.execute(statement, (LARGE,)), TIMES_SLOW)


def _searching(query: str) -> Ask:
    return lambda connection: search_segments(connection, query, PAGE)


async def _asked(database: Database, ask: Ask) -> Any:
    async with database.reading(LARGE) as connection:
        return await ask(connection)


async def _milliseconds(database: Database, ask: Ask, times: int) -> list[float]:
    """The first time is not counted."""
    await _asked(database, ask)
    return sorted([await _taken(database, ask) for _ in range(times)])


async def _taken(database: Database, ask: Ask) -> float:
    """By a whole transaction."""
    began = time.perf_counter()
    await _asked(database, ask)
    return 1000 * (time.perf_counter() - began)


def _row(name: str, *taken: list[float], beside: list[float] | None = None) -> Row:
    """`taken`: at the beginning, in the middle, at the end."""
    shown = [f"{statistics.median(one):.1f} / {one[int(len(one) * 0.95)]:.1f} ms" for one in taken]
    shown += ["-"] * (3 - len(shown))
    compared = f"{statistics.median(beside):.0f} ms" if beside else "-"
    names = ("first page, p50 / p95", "in the middle", "the last", "the last by OFFSET, or counting")
    return Row(name=name, figures=[Figure(*figure) for figure in zip(names, (*shown, compared), strict=True)])
