"""How fast reports become rows, against COPY of the same rows into tables of the same definition, indexes included.

Both write to the same server, one after the other. COPY is the fastest that PostgreSQL takes rows; the catalogue
merges each with what it knows, numbers revisions, announces transcripts and follows states, in one transaction for
each batch.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import AsyncConnection, sql

from ai2text.cli import servers
from ai2text.common import logs
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.contracts.transcription import TranscriptionStarted
from ai2text.common.settings import LogSettings
from ai2text.metadata.news import Report, Transcribed
from ai2text.metadata.persist_reports import PersistReports
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Connection, Database
from ai2text.metadata.settings import PostgresSettings
from tests.bench.table import Figure, Row
from tests.fixtures.examples import EVENTS, NOW, TRANSCRIPT
from tests.fixtures.servers import dsn_of, running
from tests.integration.metadata.catalogue import asked

RECORDINGS = 5_000
SEGMENTS, WORDS = 10, 10
TABLES = ("recordings", "recording_tags", "sources", "jobs", "attempts", "transcripts", "segments", "segment_words")


def run(batches: tuple[int, ...] = (32, 128, 256)) -> list[Row]:
    """The service's own lines are written, and not shown."""
    with (
        running(servers.postgres, "postgres") as server,
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
    ):
        logs.configure("bench", LogSettings())
        return asyncio.run(_run(dsn_of(server), batches))


async def _run(dsn: str, batches: tuple[int, ...]) -> list[Row]:
    migrate(dsn)
    results = []
    async with Database(PostgresSettings(dsn=dsn, statement_timeout_seconds=300)) as database:
        for size in batches:
            _empty(dsn)
            seconds, rows = await _persisted(database, size)
            results.append((f"reports, {size} in a transaction", seconds, rows))
        copied = await _copied(dsn)
    results.append(("COPY", copied, results[-1][2]))
    return [_row(name, seconds, rows, rows / copied) for name, seconds, rows in results]


def _row(name: str, seconds: float, rows: int, copied_a_second: float) -> Row:
    return Row(
        name=name,
        figures=[
            Figure("rows", f"{rows}"),
            Figure("wall", f"{seconds:.1f} s"),
            Figure("rows a second", f"{rows / seconds:.0f}"),
            Figure("of COPY", f"{rows / seconds / copied_a_second:.2f}"),
        ],
    )


def _reports() -> Iterator[Report]:
    """Of each recording that it was ingested, started and transcribed."""
    ingested, started = EVENTS["recording.ingested.v1"], EVENTS["transcription.started.v1"]
    assert isinstance(ingested, RecordingIngested)
    assert isinstance(started, TranscriptionStarted)
    spoken = _transcript()
    for number in range(RECORDINGS):
        job = asked(f"bench-{number}")
        recording_id, job_id = job.recording_id, job.job_id
        yield replace(ingested, recording_id=recording_id, first_job=job)
        yield replace(started, recording_id=recording_id, job_id=job_id)
        transcript = replace(spoken, recording_id=recording_id, job_id=job_id)
        yield Transcribed(transcript=transcript, outcome_key=job.outcome_key)


def _transcript() -> Transcript:
    (segment,) = TRANSCRIPT.segments
    words = tuple(segment.words[n % 2] for n in range(WORDS))
    said = replace(segment, words=words, text="".join(word.text for word in words))
    return replace(TRANSCRIPT, segments=(said,) * SEGMENTS, text=said.text * SEGMENTS)


async def _persisted(database: Database, size: int) -> tuple[float, int]:
    persist = PersistReports(database, lambda: NOW).persist_reports
    reports = list(_reports())
    began = time.monotonic()
    for start in range(0, len(reports), size):
        await persist(reports[start : start + size])
    seconds = time.monotonic() - began
    async with database.transaction() as connection:
        return seconds, sum([await _count(connection, table) for table in TABLES])


async def _copied(dsn: str) -> float:
    """Seconds for the same rows, straight into the same kind of tables."""
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        content = {table: await _content(connection, table) for table in TABLES}
        for table in TABLES:
            await connection.execute(_format("CREATE TABLE {} (LIKE {} INCLUDING ALL)", f"bench_{table}", table))
        began = time.monotonic()
        for table in TABLES:
            statement = _format("COPY {} FROM STDIN", f"bench_{table}")
            async with connection.cursor() as cursor, cursor.copy(statement) as copy:
                for block in content[table]:
                    await copy.write(block)
        return time.monotonic() - began


async def _content(connection: AsyncConnection, table: str) -> list[bytes]:
    async with connection.cursor() as cursor, cursor.copy(_format("COPY {} TO STDOUT", table)) as copy:
        return [bytes(block) async for block in copy]


async def _count(connection: Connection, table: str) -> int:
    row = await (await connection.execute(_format("SELECT count(*) AS n FROM {}", table))).fetchone()
    return int(row["n"]) if row else 0


def _empty(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute(f"TRUNCATE {', '.join(TABLES)}, status_counts, review_counts, outbox")


def _format(statement: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(sql.Identifier, names))
