"""Whatever the order, however often, and in whatever batches: the catalogue says the same in the end."""

import random
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from ai2text.common.contracts.recordings import RecordingRejected
from ai2text.common.contracts.transcription import TranscriptionCancelled, TranscriptionFailed, TranscriptionStarted
from ai2text.metadata.news import Report, Transcribed
from ai2text.metadata.postgres.pool import Database
from tests.fixtures.examples import EVENTS, TRANSCRIPT
from tests.integration.metadata.catalogue import INGESTED, asked, persisted, rows

TABLES = {
    "recordings": "recording_id, sha256, status, tags, audio_key, duration_seconds, created_at, text",
    "sources": "recording_id, source_id, name",
    "jobs": "job_id, status, lane, model, attempts, started_at, finished_at, error_code, processing_seconds",
    "attempts": "job_id, number, worker, started_at, ended_at, error_code",
    "segments": "recording_id, place, text",
}
CURRENT = """
    SELECT r.*, t.text FROM recordings r
    LEFT JOIN transcripts t ON t.recording_id = r.recording_id AND t.revision = r.current_revision
"""


def reports() -> list[Report]:
    """Two recordings with two sources and two generations, one that fails, one called off, one that was refused."""
    ingested, started = INGESTED, EVENTS["transcription.started.v1"]
    failed, cancelled = EVENTS["transcription.failed.v1"], EVENTS["transcription.cancelled.v1"]
    rejected = EVENTS["recording.rejected.v1"]
    assert isinstance(started, TranscriptionStarted)
    assert isinstance(failed, TranscriptionFailed)
    assert isinstance(cancelled, TranscriptionCancelled)
    assert isinstance(rejected, RecordingRejected)
    found: list[Report] = [rejected]
    for name in ("first", "second", "broken", "stopped"):
        for generation in (0, 1):
            job = asked(name, generation=generation)
            ids: dict[str, Any] = {"recording_id": job.recording_id, "job_id": job.job_id, "generation": generation}
            source = replace(ingested.source, name=f"{name}-{generation}", source_id=job.job_id[:-1] + str(generation))
            found += [
                replace(
                    ingested,
                    replaces_recording_id=None,
                    recording_id=job.recording_id,
                    first_job=job,
                    source=source,
                    tags=(f"tag{generation}",),
                ),
                replace(started, **ids),
            ]
            if name in {"broken", "stopped"}:
                found.append(replace(failed if name == "broken" else cancelled, **ids))
                continue
            transcript = replace(TRANSCRIPT, **ids, text=f"{name} {generation}")
            found.append(Transcribed(transcript=transcript, outcome_key=job.outcome_key))
    return found


async def state(database: Database) -> dict[str, list[dict[str, Any]]]:
    return {
        table: await rows(
            database,
            f"SELECT {columns} FROM ({CURRENT if table == 'recordings' else f'SELECT * FROM {table}'}) AS t "  # noqa: S608
            f"ORDER BY {columns}",
        )
        for table, columns in TABLES.items()
    }


@pytest.fixture
async def expected(database: Database, owner: psycopg.Connection) -> dict[str, list[dict[str, Any]]]:
    """One by one, in the order in which it happened."""
    for report in reports():
        await persisted(database, report)
    found = await state(database)
    owner.execute(
        "TRUNCATE recordings, recording_tags, sources, jobs, attempts, transcripts, segments, status_counts, outbox"
    )
    return found


@pytest.mark.parametrize("seed", range(10))
async def test_any_order_any_repetition_and_any_batches_end_the_same(
    database: Database, expected: dict[str, list[dict[str, Any]]], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    told = reports()
    told += chance.sample(told, chance.randrange(len(told)))
    chance.shuffle(told)
    while told:
        size = chance.randrange(1, 8)
        batch, told = told[:size], told[size:]
        await persisted(database, *batch)
    found = await state(database)
    assert [row["text"] for row in found["recordings"] if row["text"]] == ["first 1", "second 1"]
    for table in TABLES:
        assert found[table] == expected[table], table
    (announced,) = await rows(database, "SELECT count(*) AS n FROM outbox")
    assert announced["n"] == 4, "one for each transcript, however often it was told"
