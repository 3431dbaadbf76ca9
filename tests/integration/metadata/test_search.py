"""Full text against the real PostgreSQL."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.errors import Refused
from ai2text.metadata.highlight import BEGIN, END
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.search import EVERYWHERE, RANKED, Filters, search_segments
from ai2text.metadata.settings import PostgresSettings
from tests.fixtures.examples import NOW
from tests.integration.metadata.catalogue import asked, ingest, rows, transcribe

Asking = Callable[[str], None]


@pytest.fixture
def asking(postgres_dsn: str) -> Iterator[Asking]:
    """Searches by one connection, for hundreds of queries; fails where PostgreSQL does."""
    with asyncio.Runner() as runner:
        database = runner.run(Database(PostgresSettings(dsn=postgres_dsn)).__aenter__())
        runner.run(transcribe(database, asked("talk"), "he runs", language="en"))
        yield lambda query: runner.run(_answered_or_refused(database, query))
        runner.run(database.__aexit__())


async def _answered_or_refused(database: Database, query: str) -> None:
    with suppress(Refused):
        await found(database, query)


async def found(
    database: Database, query: str, tenant: str = "default", limit: int = 100, filters: Filters = EVERYWHERE
) -> list[dict[str, Any]]:
    async with database.reading(tenant) as connection:
        return (await search_segments(connection, query, limit, filters)).items


async def texts(database: Database, query: str, tenant: str = "default", limit: int = 100) -> list[str]:
    return [hit["text"] for hit in await found(database, query, tenant, limit)]


async def test_a_hit_says_where_the_word_was_said(database: Database) -> None:
    job = asked("talk")
    await transcribe(database, job, "Good morning.", "The weather is fine.")
    (hit,) = await found(database, "WEATHER")
    (segment,) = await rows(database, "SELECT segment_id::text FROM segments WHERE place = 1")
    assert hit == {
        "recording_id": job.recording_id,
        "segment": segment["segment_id"],
        "start": 1,
        "end": 2,
        "text": "The weather is fine.",
        "highlight": "The <mark>weather</mark> is fine.",
    }


async def test_words_phrases_alternatives_and_exclusions(database: Database) -> None:
    await transcribe(database, asked("talk"), "fine weather today", "weather is fine", "rain today")
    assert await texts(database, '"fine weather"') == ["fine weather today"]
    assert set(await texts(database, "fine weather")) == {"fine weather today", "weather is fine"}
    assert await texts(database, "today -rain") == ["fine weather today"]
    assert set(await texts(database, "rain or is")) == {"rain today", "weather is fine"}


async def test_the_best_hit_comes_first_and_among_equals_the_newest(database: Database) -> None:
    await transcribe(database, asked("old"), "rain in the old talk")
    await transcribe(database, asked("much"), "rain and rain and rain")
    await transcribe(database, asked("new"), "rain in the new talk")
    said = ["rain and rain and rain", "rain in the new talk", "rain in the old talk"]
    assert await texts(database, "rain") == said
    assert await texts(database, "rain", limit=2) == said[:2]


async def test_another_tenant_finds_nothing(database: Database) -> None:
    await transcribe(database, asked("talk"), "a secret word")
    assert await texts(database, "secret", tenant="stranger") == []


async def test_only_the_current_revision_is_searched(database: Database) -> None:
    await transcribe(database, asked("talk"), "a mishearing")
    await transcribe(database, asked("talk", generation=1), "a hearing")
    assert await texts(database, "mishearing") == []
    assert await texts(database, "hearing") == ["a hearing"]


async def test_what_was_said_is_never_html(database: Database) -> None:
    await transcribe(database, asked("talk"), 'say <script>alert("x")</script> & <b>smile</b>')
    (hit,) = await found(database, "smile")
    script = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"
    assert hit["highlight"] == f"say {script} &amp; &lt;b&gt;<mark>smile</mark>&lt;/b&gt;"


async def test_a_text_cannot_forge_the_marks(database: Database) -> None:
    await transcribe(database, asked("talk"), f"{BEGIN}forged{END} hit")
    (hit,) = await found(database, "hit")
    assert hit["highlight"] == f"{BEGIN}forged{END} <mark>hit</mark>"


@pytest.mark.parametrize("query", ["", "  ", "!?", "-rain", '""', "\0"])
async def test_a_query_without_a_word_is_refused(database: Database, query: str) -> None:
    with pytest.raises(Refused, match="at least one word"):
        await found(database, query)


async def test_a_query_is_asked_by_the_rules_of_each_language_and_of_none(database: Database) -> None:
    await transcribe(database, asked("english"), "he runs to the universities", language="en")
    await transcribe(database, asked("german"), "die alten Häuser", "the man runs", language="de")
    await transcribe(database, asked("japanese"), "he runs", language="ja")
    assert await texts(database, "running university") == ["he runs to the universities"]
    assert await texts(database, "haus") == ["die alten Häuser"]
    assert "he runs" not in await texts(database, "run"), "without rules, words are as they are"
    assert len(await texts(database, "runs")) == 3


async def test_what_says_little_is_found_too(database: Database) -> None:
    """A stop word of one language is a word of another, and phrases are made of them."""
    await transcribe(database, asked("play"), "To be, or not to be.", "That is to ask.", language="en")
    await transcribe(database, asked("talk"), "Die Frage ist die.", language="de")
    assert await texts(database, '"to be or not to be"') == ["To be, or not to be."]
    assert await texts(database, "die") == ["Die Frage ist die."]


async def test_letters_beyond_ascii_have_a_small_form_and_quotes_are_none(database: Database) -> None:
    await transcribe(database, asked("talk"), "„Ärger“, sagte sie—laut", language="de")
    (hit,) = await found(database, "ärger")
    assert hit["highlight"] == "„<mark>Ärger</mark>“, sagte sie—laut"
    assert await texts(database, "LAUT ÄRGER") == [hit["text"]]


async def test_the_beginning_of_a_word_finds_words_that_begin_so(database: Database) -> None:
    await transcribe(database, asked("talk"), "the universities", "a universal transcript", "a Übersee", "not so")
    assert set(await texts(database, "univers*")) == {"the universities", "a universal transcript"}
    assert await texts(database, "universiti*") == ["the universities"]
    assert await texts(database, "univers* -transc*") == ["the universities"]
    assert set(await texts(database, 'transc* or "not so"')) == {"a universal transcript", "not so"}
    assert await texts(database, "ÜBER*") == ["a Übersee"]
    (hit,) = await found(database, "transcr* universe")
    assert hit["highlight"] == "a <mark>universal</mark> <mark>transcript</mark>"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("*-\"' or:&|!()<>\\\1\0"), max_size=40))
def test_whatever_is_typed_is_answered_or_refused(asking: Asking, query: str) -> None:
    asking(query)


async def test_what_is_too_long_is_refused(database: Database) -> None:
    assert await texts(database, "\U0001f600" * 500) == []
    assert await texts(database, "ა" * 499 + "*") == []
    with pytest.raises(Refused, match="500 characters"):
        await found(database, "a" * 501)


async def test_a_segment_of_any_length_is_saved_and_found_by_how_it_begins(database: Database) -> None:
    long = " ".join(f"{n:x}äöü" for n in range(300_000))
    await transcribe(database, asked("talk"), f"needle {long}")
    assert len(await texts(database, "needle")) == 1


async def test_filters_say_in_which_recordings(database: Database) -> None:
    calls, talk = asked("call"), asked("talk")
    await ingest(database, calls)
    await transcribe(database, calls, "rain in a call", language="en")
    await transcribe(database, talk, "rain in a talk", language="de")
    async with database.transaction() as connection:
        await connection.execute(
            "UPDATE recordings SET tags = '{calls}', created_at = %s WHERE recording_id = %s",
            (NOW - timedelta(days=9), calls.recording_id),
        )
    chosen = {
        "rain in a call": [
            Filters(language="en"),
            Filters(tag="calls"),
            Filters(recording_id=UUID(calls.recording_id)),
        ],
        "rain in a talk": [Filters(language="de"), Filters(created_after=NOW - timedelta(days=8))],
    }
    for text, filters in chosen.items():
        for one in filters:
            assert [hit["text"] for hit in await found(database, "rain", filters=one)] == [text], one
    assert await found(database, "rain", filters=Filters(language="de", tag="calls")) == []


async def test_more_hits_than_are_compared_are_told(database: Database) -> None:
    """The newest are compared; also where few words are frequent, and whatever another tenant has."""
    for tenant, many in (("default", RANKED), ("other", 1)):
        await transcribe(database, asked("old", tenant), "rain and rain")
        await transcribe(database, asked("new", tenant), *["rain"] * (many - 1), "a rare word")
    async with database.reading("default") as connection:
        all_of_them = await search_segments(connection, "rain", 10)
    assert (len(all_of_them.items), all_of_them.more) == (10, False)
    assert all_of_them.items[0]["text"] == "rain and rain"
    await transcribe(database, asked("newest"), "rain", "rain")
    async with database.reading("default") as connection:
        some = await search_segments(connection, "rain", 10)
        rare = await search_segments(connection, "rare", 10)
    assert (len(some.items), some.more) == (10, True)
    assert "rain and rain" not in {hit["text"] for hit in some.items}, "the oldest is not compared"
    assert rare.more is False
    async with database.reading("other") as connection:
        assert (await search_segments(connection, "rain", 10)).more is False


async def correct(database: Database, job: TranscriptionRequested, revision: int, place: int, text: str) -> None:
    """As a correction leaves it: the segment until then, and the one since."""
    ids = {"recording": job.recording_id, "revision": revision, "place": place, "text": text}
    async with database.transaction() as connection:
        for statement in CORRECTION:
            await connection.execute(statement, ids)


CORRECTION = (
    """
    INSERT INTO transcripts (recording_id, revision, tenant, kind, parent, base, author, generation, model, engine,
        language, language_probability, created_at)
    SELECT recording_id, %(revision)s, tenant, 'human', 1, 1, 'anna', 0, model, engine, language, 1, created_at
    FROM transcripts WHERE recording_id = %(recording)s AND revision = 1
    """,
    """
    CREATE TEMP TABLE changed ON COMMIT DROP AS SELECT * FROM segments
    WHERE recording_id = %(recording)s AND revision = 1 AND until IS NULL AND place = %(place)s
    """,
    """
    UPDATE segments s SET until = %(revision)s FROM changed c
    WHERE (s.recording_id, s.revision, s.segment_id, s.since) = (c.recording_id, c.revision, c.segment_id, c.since)
    """,
    """
    INSERT INTO segments (recording_id, revision, since, place, segment_id, tenant, etag, start_seconds, end_seconds,
        text, words)
    SELECT recording_id, revision, %(revision)s, place, segment_id, tenant, 'new', start_seconds, end_seconds,
        %(text)s, '[]' FROM changed
    """,
    "UPDATE recordings SET current_revision = %(revision)s, review = 'corrected' WHERE recording_id = %(recording)s",
)


async def test_a_corrected_segment_is_found_by_its_new_words_alone(database: Database) -> None:
    job = asked("talk")
    await transcribe(database, job, "a mishearing", "the rest")
    await correct(database, job, 2, 0, "a hearing")
    assert await texts(database, "mishearing") == []
    assert await texts(database, "hearing") == ["a hearing"]
    assert await texts(database, "rest") == ["the rest"]
    await correct(database, job, 3, 0, "a fair hearing")
    assert await texts(database, "hearing") == ["a fair hearing"]


async def test_what_is_found_follows_every_change_of_what_is_seen(database: Database) -> None:
    """Whatever the order: taken back to the machine's, taken away, and another machine's seen instead."""
    job = asked("talk")
    await transcribe(database, job, "first words", "rest")
    await correct(database, job, 2, 0, "second words")
    await transcribe(database, asked("talk", generation=1), "third words")
    assert await texts(database, "words") == ["second words"], "human work wins"
    async with database.transaction() as connection:
        await connection.execute("UPDATE recordings SET current_revision = 3")
    assert await texts(database, "words or rest") == ["third words"]
    async with database.transaction() as connection:
        await connection.execute("UPDATE recordings SET current_revision = 1")
        await connection.execute("UPDATE segments SET until = CASE WHEN since = 2 THEN 4 END WHERE place = 0")
    assert set(await texts(database, "words or rest")) == {"first words", "rest"}
    async with database.transaction() as connection:
        await connection.execute("DELETE FROM segments WHERE place = 0")
    assert await texts(database, "words or rest") == ["rest"]
    assert len(await rows(database, "SELECT FROM segment_words")) == 1


async def test_words_are_looked_up_in_the_index_as_the_reader(database: Database, owner: psycopg.Connection) -> None:
    await transcribe(database, asked("talk"), "needle")
    owner.execute(
        """
        INSERT INTO segments (recording_id, revision, place, segment_id, tenant, etag, start_seconds, end_seconds,
            text, words)
        SELECT recording_id, revision, n, gen_random_uuid(), tenant, '', n, n + 1, 'hay number ' || n, '[]'
        FROM segments, generate_series(1, 20000) AS n
        """
    )
    owner.execute("VACUUM (ANALYZE) segment_words")
    scans = (
        "SELECT idx_scan AS n, idx_tup_read AS read FROM pg_stat_all_indexes WHERE indexrelname = 'segments_by_words'"
    )
    (before,) = await rows(database, scans)
    async with database.reading("default") as connection:
        (hit,) = (await search_segments(connection, "needle", 10)).items
        await connection.execute("SELECT pg_stat_force_next_flush()")
    (after,) = await rows(database, scans)
    assert hit["text"] == "needle"
    assert (after["n"] - before["n"], after["read"] - before["read"]) == (1, 1), "one entry of 20,000 was looked at"


async def test_a_replica_of_the_version_before_still_finds_words(database: Database) -> None:
    await transcribe(database, asked("talk"), "fine weather")
    async with database.reading("default") as connection:
        cursor = await connection.execute(
            "SELECT text, highlight FROM search_segments('weather', %s, %s, 10)",
            (BEGIN + END, f"StartSel={BEGIN}, StopSel={END}, HighlightAll=true"),
        )
        assert await cursor.fetchall() == [{"text": "fine weather", "highlight": f"fine {BEGIN}weather{END}"}]
