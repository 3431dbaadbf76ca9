"""What a search costs in a catalogue of a million segments, whose words are as frequent as words are (Zipf).

As the service asks: its own function on its own pool, as the reader role, for the tenant that has seven of ten
segments. Beside it every hit ranked, by the same index, and the text read from end to end with LIKE.
"""

import asyncio
import random
import statistics
import time
from pathlib import Path
from typing import LiteralString

import psycopg

from ai2text.cli import servers
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.search import search_segments
from ai2text.metadata.settings import PostgresSettings
from tests.bench.table import Figure, Row
from tests.fixtures.filled_search import LARGE, fill, weights, words
from tests.fixtures.servers import dsn_of, running

QUERIES, TIMES, BESIDE = 20, 5, 2
PAGE = 100
ALL_RANKED: LiteralString = """
    SELECT s.text FROM segment_words w
    JOIN segments s USING (recording_id, revision, segment_id, since)
    WHERE w.words @@ ANY (ARRAY(
        SELECT of_tenant(websearch_to_tsquery(c, %(query)s), %(tenant)s, c)
        FROM unnest('{ai2text_english,ai2text_german,ai2text_french}'::regconfig[]) AS c)) AND w.tenant = %(tenant)s
    ORDER BY ts_rank(w.words, of_tenant(websearch_to_tsquery(search_configuration(w.language), %(query)s), %(tenant)s,
        search_configuration(w.language))) DESC, w.position DESC LIMIT 100
"""
LIKE = "SELECT text FROM segments WHERE tenant = %(tenant)s AND until IS NULL AND text LIKE %(like)s LIMIT 100"


def queries() -> dict[str, list[str]]:
    """The same each time. Words are drawn as they are spoken; so the second half of a phrase is mostly frequent."""
    drawn, known = random.Random(3), words()  # noqa: S311 - no secret
    spoken = drawn.choices(known, cum_weights=weights(len(known)), k=4 * QUERIES)
    pairs = [f"{one} {other}" for one, other in zip(spoken[::2], spoken[1::2], strict=True)]
    return {
        "rare words": drawn.sample(known[5_000:], QUERIES),
        "words of the middle": drawn.sample(known[50:5_000], QUERIES),
        "the most common words": known[:QUERIES],
        "two words": pairs[:QUERIES],
        "phrases": [f'"{pair}"' for pair in pairs[QUERIES:]],
        "beginnings of three letters": [f"{word[:3]}*" for word in drawn.sample(known[16:], QUERIES)],
    }


def run(segments: int = 1_000_000) -> list[Row]:
    with running(servers.postgres, "postgres") as server:
        dsn = dsn_of(server)
        migrate(dsn)
        with psycopg.connect(dsn) as owner:
            fill(owner, segments)
        return asyncio.run(_run(dsn))


async def _run(dsn: str) -> list[Row]:
    settings = PostgresSettings(dsn=dsn, statement_timeout_seconds=300, pool_size=1)
    async with Database(settings) as database:
        rows, together = [], []
        for name, asked in queries().items():
            taken = [await _searched(database, query) for query in asked for _ in range(TIMES)]
            together += taken
            rows.append(_row(name, taken, *await _beside(database, asked)))
        return [*rows, _row("all of these", together, [], [])]


async def _searched(database: Database, query: str) -> tuple[float, float]:
    """Milliseconds by the clock, and of a core in PostgreSQL: other work beside it lengthens the first alone."""
    async with database.reading(LARGE) as connection:
        server = Path(f"/proc/{connection.info.backend_pid}/schedstat")
        began, used = time.perf_counter(), _used(server)
        await search_segments(connection, query, PAGE)
        return 1000 * (time.perf_counter() - began), _used(server) - used


def _used(server: Path) -> float:
    """Milliseconds; the kernel's other statistics tick too seldom for one search."""
    return int(server.read_text().split()[0]) / 1e6


async def _beside(database: Database, asked: list[str]) -> tuple[list[float], list[float]]:
    ranked, read = [], []
    for query in [query for query in asked if "*" not in query][:BESIDE]:
        values = {"query": query, "tenant": LARGE, "like": "%{}%".format(query.strip('"'))}
        ranked.append(await _taken(database, ALL_RANKED, values))
        read.append(await _taken(database, LIKE, values))
    return ranked, read


async def _taken(database: Database, statement: LiteralString, values: dict[str, str]) -> float:
    async with database.transaction() as connection:
        began = time.perf_counter()
        await connection.execute(statement, values)
        return 1000 * (time.perf_counter() - began)


def _row(name: str, taken: list[tuple[float, float]], ranked: list[float], read: list[float]) -> Row:
    clock, core = (sorted(one) for one in zip(*taken, strict=True))
    figures = [
        Figure("p50 / p95", f"{statistics.median(clock):.1f} / {clock[int(len(clock) * 0.95)]:.1f} ms"),
        Figure("of a core, p50 / p95", f"{statistics.median(core):.1f} / {core[int(len(core) * 0.95)]:.1f} ms"),
        Figure("every hit ranked", f"{max(ranked):.0f} ms" if ranked else "-"),
        Figure("LIKE", f"{max(read):.0f} ms" if read else "-"),
    ]
    return Row(name=name, figures=figures)
