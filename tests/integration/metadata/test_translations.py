"""What was said, and what it means in English, are two transcripts of one recording."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from ai2text.common.contracts.states import Task
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.metadata.news import Transcribed
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.snapshot import snapshot
from tests.fixtures.examples import NOW, TRANSCRIPT
from tests.integration.metadata.catalogue import asked, ingest, persisted, rows

RANKS = ("transcribe", "translate again", "translate")
"""The best first."""


def done(job: TranscriptionRequested, text: str, minutes: int) -> Transcribed:
    transcript = replace(
        TRANSCRIPT,
        recording_id=job.recording_id,
        job_id=job.job_id,
        generation=job.generation,
        task=job.task,
        text=text,
        transcribed_at=NOW + timedelta(minutes=minutes),
    )
    return Transcribed(transcript=transcript, outcome_key=job.outcome_key)


@pytest.mark.parametrize("order", list(itertools.permutations(RANKS)))
async def test_a_translation_is_seen_only_where_nothing_says_what_was_said(
    database: Database, order: tuple[str, ...]
) -> None:
    """Whatever was asked or done last; and no dataset is made of it."""
    for number, what in enumerate(order, start=1):
        task, generation = Task(what.partition(" ")[0]), int("again" in what)
        job = asked("talk", task=task, generation=generation)
        await ingest(database, job)
        await persisted(database, done(job, what, number))
        (seen,) = await rows(
            database,
            "SELECT status, text FROM recordings r JOIN transcripts t "
            "ON t.recording_id = r.recording_id AND t.revision = r.current_revision",
        )
        assert seen == {"status": "transcribed", "text": min(order[:number], key=RANKS.index)}
        rows_of_datasets = [row.text async for row in snapshot(database, "default")]
        assert rows_of_datasets == ["transcribe"] * ("transcribe" in order[:number])


async def test_it_counts_as_a_translation_also_before_its_ask_is_heard_of(database: Database) -> None:
    transcription, translation = asked("talk"), asked("talk", task=Task.TRANSLATE)
    for job in (transcription, translation):
        await persisted(database, done(job, job.task.value, 0))
    assert await rows(database, "SELECT task FROM jobs ORDER BY task") == [
        {"task": "transcribe"},
        {"task": "translate"},
    ]
    await ingest(database, translation)
    assert [row.text async for row in snapshot(database, "default")] == ["transcribe"]
