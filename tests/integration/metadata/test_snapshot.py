"""What the catalogue tells of a moment, for datasets."""

import tracemalloc
from dataclasses import replace

import psycopg
import pytest

from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.outcome import Word
from ai2text.common.contracts.transcription import TranscriptionOptions, TranscriptionRequested
from ai2text.metadata.news import Transcribed
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.snapshot import snapshot
from tests.fixtures.examples import TRANSCRIPT
from tests.integration.metadata.catalogue import INGESTED, asked, ingest, persisted


async def said(database: Database, job: TranscriptionRequested, *spans: tuple[float, float]) -> None:
    (example,) = TRANSCRIPT.segments
    segments = tuple(
        replace(example, start=start, end=end, text=f" {start:g}", words=(word(start, end),)) for start, end in spans
    )
    transcript = replace(
        TRANSCRIPT, tenant=job.tenant, recording_id=job.recording_id, job_id=job.job_id, segments=segments
    )
    await persisted(database, Transcribed(transcript=transcript, outcome_key=job.outcome_key))


def word(start: float, end: float) -> Word:
    return Word(start=start, end=end, text=f" {start:g}", probability=0.5)


@pytest.mark.parametrize(("longer_than", "with_words"), [(None, set()), (0, {0.0, 5.0, 30.5}), (20, {30.5})])
async def test_only_segments_that_are_longer_bring_their_words(
    database: Database, longer_than: float | None, with_words: set[float]
) -> None:
    talk = asked("talk")
    await ingest(database, talk)
    await said(database, talk, (0.0, 5.0), (5.0, 25.0), (30.5, 51.0))
    (recording,) = [one async for one in snapshot(database, "default", longer_than)]
    assert [one.start for one in recording.segments] == [0.0, 5.0, 30.5]
    assert {one.start: one.words for one in recording.segments if one.words} == {
        one.start: (word(one.start, one.end),) for one in recording.segments if one.start in with_words
    }


async def test_the_options_of_the_job_are_told_with_the_transcript(database: Database) -> None:
    talk = replace(asked("talk"), options=TranscriptionOptions(language="de", temperature=(0.0,)))
    await ingest(database, talk)
    await said(database, talk, (0.0, 1.0))
    (recording,) = [one async for one in snapshot(database, "default")]
    assert recording.options == talk.options


async def test_what_was_measured_of_the_sound_is_told_with_it(database: Database) -> None:
    talk = asked("talk")
    await ingest(database, talk)
    await said(database, talk, (0.0, 1.0))
    (before,) = [one async for one in snapshot(database, "default")]
    media = INGESTED.media
    assert (before.peak_dbfs, before.loudness_lufs) == (media.peak_dbfs, media.loudness_lufs)
    assert before.sound_sha256 == talk.recording_id.replace("-", "") * 2
    older = replace(INGESTED, recording_id=talk.recording_id, first_job=talk, media=replace(media, sound_sha256=None))
    await persisted(database, older)
    (after,) = [one async for one in snapshot(database, "default")]
    assert after == before, "who tells nothing takes nothing away"


@pytest.mark.lesson("L05")
async def test_l05_of_long_recordings_few_are_held_at_a_time(database: Database, postgres_dsn: str) -> None:
    for number in range(24):
        talk = asked(f"talk {number}")
        await ingest(database, talk)
        await said(database, talk, (0.0, 1.0))
    with psycopg.connect(postgres_dsn) as owner:
        owner.execute("SET session_replication_role = replica")  # nobody searches here
        owner.execute(
            """
            INSERT INTO segments (recording_id, revision, place, segment_id, tenant, etag, start_seconds, end_seconds,
                text, words, since)
            SELECT recording_id, revision, n, gen_random_uuid(), tenant, etag, n, n + 1, repeat('word ', 20), '[]',
                since
            FROM segments, generate_series(1, 2000) AS n
            """
        )
    tracemalloc.start()
    sizes = [len(encode(one)) async for one in snapshot(database, "default")]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(sizes) == 24
    assert most < sum(sizes)
