"""Who waits for a review comes in the order of what that is expected to gain, and how much there is left is exact."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.outcome import Doubt, SecondHearing, Segment, Transcript
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.errors import Refused
from ai2text.metadata.news import Transcribed
from ai2text.metadata.page import Window
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.review_queue import Chosen, ReviewPage, list_review
from ai2text.metadata.settings import PostgresSettings
from tests.fixtures.examples import JOB, NOW, RECORDING, TRANSCRIPT
from tests.fixtures.reviewed import at_best, at_random, kept, removed
from tests.integration.metadata.catalogue import INGESTED, asked, persisted, rows, transcribe
from tests.integration.metadata.inside import Inside
from tests.integration.metadata.review_order import in_the_order_of_the_queue
from tests.integration.metadata.test_lists_and_counts import on_one_database

(EXAMPLE,) = TRANSCRIPT.segments
EVERYTHING = Chosen()


def segment(start: float, end: float, *, sure: float = 0.0, ratio: float = 1.0, temperature: float = 0.0) -> Segment:
    """`sure`: the mean logarithm of the probability."""
    measures: dict[str, Any] = {"avg_logprob": sure, "compression_ratio": ratio, "temperature": temperature}
    return replace(EXAMPLE, start=start, end=end, text=" said", words=(), **measures)


async def heard(
    database: Database,
    job: TranscriptionRequested,
    *segments: Segment,
    tags: tuple[str, ...] = (),
    language: str = "en",
    **facts: Any,
) -> None:
    """A recording of ten seconds and its transcript."""
    ids: dict[str, Any] = {"tenant": job.tenant, "recording_id": job.recording_id}
    media = replace(INGESTED.media, duration_seconds=10.0)
    ingested = replace(INGESTED, **ids, first_job=job, tags=tags, media=media)
    said: dict[str, Any] = {"duration_seconds": 10.0, "speech_seconds": None, "second_hearings": (), **facts}
    transcript: Transcript = replace(
        TRANSCRIPT,
        **ids,
        job_id=job.job_id,
        generation=job.generation,
        language=language,
        segments=segments,
        **said,
    )
    await persisted(database, ingested, Transcribed(transcript=transcript, outcome_key=job.outcome_key))


async def queue(
    database: Database,
    chosen: Chosen = EVERYTHING,
    limit: int = 100,
    after: str | None = None,
    tenant: str = "default",
) -> ReviewPage:
    async with database.reading(tenant) as connection:
        return await list_review(connection, tenant, chosen, Window(limit=limit, after=after))


async def walked(
    database: Database, tenant: str, limit: int, between: Callable[[], Awaitable[None]] | None = None
) -> list[dict[str, Any]]:
    items, after = [], None
    while True:
        page = await queue(database, limit=limit, after=after, tenant=tenant)
        items += page.items
        after = page.next
        if after is None:
            return items
        if between:
            await between()


async def test_the_worst_in_a_minute_of_audio_comes_first_with_its_reasons_and_its_places(database: Database) -> None:
    lost = SecondHearing(start=6, end=9, doubts=(Doubt.UNCOVERED_SPEECH,), kept=False)
    good, doubtful, silent = asked("good"), asked("doubtful"), asked("silent")
    await heard(database, good, segment(0, 9))
    await heard(database, doubtful, segment(0, 5), segment(5, 9, sure=-0.693147, temperature=0.4, ratio=2.2))
    await heard(database, silent, segment(0, 1), speech_seconds=9.0, second_hearings=(lost,))
    page = await queue(database)
    assert [(item["recording_id"], item["expected_gain"]) for item in page.items] == [
        (doubtful.recording_id, 105.6),
        (silent.recording_id, 92.4),
        (good.recording_id, 0.0),
    ]
    assert [(reason["code"], reason["word_errors"]) for reason in page.items[0]["reasons"]] == [
        ("low_confidence", 8.0),
        ("repetition", 5.6),
        ("high_temperature", 4.0),
    ]
    assert page.items[0]["reasons"][1]["detail"].endswith("2.2 times.")
    ((doubted,), (unheard,)) = (item["places"] for item in page.items[:2])
    assert (doubted["start"], doubted["end"], doubted["word_errors"]) == (5, 9, 17.6)
    assert unheard == {"segment": None, "start": 6, "end": 9, "word_errors": 3.0}
    assert [reason["detail"] for reason in page.items[1]["reasons"]] == [
        "For 8.0 s somebody speaks and there are no words.",
        "3.0 s were heard twice, and no better the second time.",
    ]
    assert (page.items[2]["reasons"], page.items[2]["places"]) == ([], [])
    found = await rows(
        database, "SELECT start_seconds FROM segments WHERE segment_id = %(id)s", {"id": doubted["segment"]}
    )
    assert found == [{"start_seconds": 5}]


async def test_an_item_is_the_recording_as_lists_show_it(database: Database) -> None:
    await heard(database, asked("talk"), segment(0, 9, sure=-1), tags=("calls",))
    (item,) = (await queue(database)).items
    assert {"recording_id", "sources", "duration_seconds", "language", "text_preview", "tags", "review"} <= item.keys()
    assert not {"position", "listed_at", "to_review"} & item.keys()


async def test_what_is_left_follows_reviews_tags_and_new_transcripts(
    database: Database, owner: psycopg.Connection
) -> None:
    for n in range(4):
        tags = ("calls",) if n % 2 else ()
        await heard(database, asked(f"talk {n}"), segment(0, 9), tags=tags, language="nl" if n == 3 else "en")

    async def left(chosen: Chosen = EVERYTHING) -> tuple[int, float]:
        page = await queue(database, chosen)
        assert page.recordings_left == len(page.items)
        return page.recordings_left, page.minutes_left

    assert await left() == (4, 0.667)
    assert await left(Chosen(tag="calls")) == (2, 0.333)
    assert await left(Chosen(language="en")) == (3, 0.5)
    assert await left(Chosen(language="nl", tag="calls")) == (1, 0.167)
    owner.execute("UPDATE recordings SET review = 'verified' WHERE language = 'nl'")
    assert await left(Chosen(tag="calls")) == (1, 0.167)
    assert await left(Chosen(language="nl")) == (0, 0.0)
    owner.execute("UPDATE recordings SET review = 'unreviewed', tags = '{other}' WHERE language = 'nl'")
    assert await left(Chosen(tag="other", language="nl")) == (1, 0.167)
    again = asked("talk 0", generation=1)
    await heard(database, again, segment(0, 9, sure=-2), language="de")
    assert (await queue(database)).items[0]["recording_id"] == again.recording_id
    assert await left(Chosen(language="en")) == (2, 0.333)
    owner.execute("UPDATE recordings SET review = 'excluded'")
    assert await left() == (0, 0.0)


async def test_who_has_no_transcript_is_not_in_the_queue(database: Database) -> None:
    job = asked("waiting")
    await persisted(database, replace(INGESTED, recording_id=job.recording_id, first_job=job))
    assert (await queue(database)).items == []


async def test_a_transcript_that_is_heard_of_before_its_recording_is_in_the_queue(database: Database) -> None:
    job = asked("early")
    await transcribe(database, job, "said")
    page = await queue(database)
    assert (len(page.items), page.minutes_left) == (1, 0.0)
    await heard(database, job)
    page = await queue(database)
    assert (len(page.items), page.minutes_left) == (1, 0.167)


@on_one_database
@given(
    sures=st.lists(st.sampled_from([0.0, -0.1, -0.5, -1.0]), min_size=1, max_size=8),
    limit=st.integers(min_value=1, max_value=3),
    arriving=st.sampled_from([0.0, -0.5, -2.0]),
)
async def test_what_waited_at_the_first_page_comes_exactly_once_in_order_whatever_arrives_meanwhile(
    database: Database, sures: list[float], limit: int, arriving: float
) -> None:
    tenant = f"tenant-{uuid4()}"
    known = [asked(f"talk {n}", tenant) for n in range(len(sures))]
    for job, sure in zip(known, sures, strict=True):
        await heard(database, job, segment(0, 9, sure=sure))

    async def arrive() -> None:
        await heard(database, asked(str(uuid4()), tenant), segment(0, 9, sure=arriving))

    items = await walked(database, tenant, limit, arrive)
    found = [item["recording_id"] for item in items]
    gains = [item["expected_gain"] for item in items]
    assert len(found) == len(set(found))
    assert set(found) >= {job.recording_id for job in known}
    assert gains == sorted(gains, reverse=True)


async def test_a_cursor_of_another_list_is_refused(database: Database) -> None:
    with pytest.raises(Refused):
        await queue(database, after="AAAA")


async def test_measures_that_are_missing_or_beyond_all_bounds_break_nothing(
    database: Database, owner: psycopg.Connection
) -> None:
    await heard(database, asked("odd"), segment(3, 3), segment(5, 4, sure=-1e30), duration_seconds=0.0)
    await heard(database, asked("nothing"), duration_seconds=0.0, speech_seconds=0.0)
    assert [item["expected_gain"] for item in (await queue(database)).items] == [0.0, 0.0]
    owner.execute(
        "UPDATE segments SET avg_logprob = 'NaN', compression_ratio = 'NaN', temperature = NULL, end_seconds = 1e7"
    )
    owner.execute("UPDATE recordings SET current_revision = NULL")
    assert (await queue(database)).items == []
    owner.execute("UPDATE recordings SET current_revision = 1")
    gains = [item["expected_gain"] for item in (await queue(database)).items]
    assert gains == [2_000_000.0, 0.0]


async def test_transcripts_of_the_version_before_are_in_the_queue(postgres_dsn: str) -> None:
    """Of them it is not known what was heard twice, nor how much speech there was."""
    migrate(postgres_dsn, "0012")
    with psycopg.connect(postgres_dsn) as owner:
        owner.execute(
            "INSERT INTO recordings (recording_id, tenant, created_at, tags, status, language, duration_seconds) "
            "VALUES (%s, 'default', %s, '{calls}', 'transcribed', 'de', 10)",
            (RECORDING, NOW),
        )
        owner.execute(
            "INSERT INTO transcripts (recording_id, revision, tenant, kind, generation, model, engine, language, "
            "language_probability, text, created_at) "
            "VALUES (%s, 1, 'default', 'machine', 0, 'small', '{}', 'de', 1, 'Guten Tag', %s)",
            (RECORDING, NOW),
        )
        owner.execute(
            "INSERT INTO segments (recording_id, revision, place, segment_id, tenant, etag, start_seconds, "
            "end_seconds, text, words, avg_logprob) "
            "VALUES (%s, 1, 0, %s, 'default', 'e', 0, 9, 'Guten Tag', '[]', -0.693147)",
            (RECORDING, JOB),
        )
        owner.execute("UPDATE recordings SET current_revision = 1")
    migrate(postgres_dsn)
    async with Database(PostgresSettings(dsn=postgres_dsn)) as database:
        page = await queue(database, Chosen(tag="calls", language="de"))
        whole = await queue(database)
    ((item,), (same,)) = (page.items, whole.items)
    assert item == same
    assert (item["expected_gain"], item["places"][0]["segment"]) == (108.0, JOB)
    assert page.minutes_left == whole.minutes_left == 0.167


async def test_correcting_the_first_fifth_of_the_queue_removes_more_errors_than_any_random_fifth(
    database: Database, postgres_dsn: str
) -> None:
    """Of speech of many kinds as the ear heard it, on which no weight was chosen; `database` has made the schema."""
    heard = kept()
    order = await in_the_order_of_the_queue(postgres_dsn, heard, "archive")
    assert sorted(one.name for one in order) == sorted(one.name for one in heard)
    by_queue, drawn, best = removed(order), at_random(heard), removed(at_best(heard))
    assert by_queue > drawn.max()
    assert by_queue > 2 * drawn.mean()
    assert by_queue > 0.9 * best


async def test_among_clear_recordings_alone_the_queue_is_better_than_chance(
    database: Database, postgres_dsn: str
) -> None:
    heard = [one for one in kept() if one.harm == "clear"]
    order = await in_the_order_of_the_queue(postgres_dsn, heard, "archive")
    assert removed(order) > at_random(heard).mean()


@pytest.mark.parametrize("path", ["/v1/review/queue", "/v1/recordings"])
@pytest.mark.parametrize("name", ["tag", "language"])
async def test_a_filter_with_a_character_that_no_text_has_is_refused(inside: Inside, path: str, name: str) -> None:
    assert (await inside.ask("GET", f"{path}?{name}=a%00")).status_code == 422
