"""Full text against the real PostgreSQL."""

from typing import Any

import psycopg
import pytest

from ai2text.common.errors import Refused
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.search import BEGIN, END, search_segments
from tests.integration.metadata.catalogue import asked, rows, transcribe


async def found(database: Database, query: str, tenant: str = "default", limit: int = 100) -> list[dict[str, Any]]:
    async with database.reading(tenant) as connection:
        return (await search_segments(connection, query, limit)).items


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
    assert hit["highlight"] == "forged <mark>hit</mark>"


@pytest.mark.parametrize("query", ["", "  ", "!?", "-rain", '""', "\0"])
async def test_a_query_without_a_word_is_refused(database: Database, query: str) -> None:
    with pytest.raises(Refused, match="at least one word"):
        await found(database, query)


async def test_the_index_is_used_when_there_is_much_to_search(database: Database, owner: psycopg.Connection) -> None:
    await transcribe(database, asked("talk"), "needle")
    owner.execute(
        """
        INSERT INTO segments (recording_id, revision, place, segment_id, tenant, etag, start_seconds, end_seconds,
            text, words)
        SELECT recording_id, revision, n, gen_random_uuid(), tenant, '', n, n + 1, 'hay number ' || n, '[]'
        FROM segments, generate_series(1, 20000) AS n
        """
    )
    owner.execute("ANALYZE segments")
    scans = (
        "SELECT idx_scan AS n, idx_tup_read AS read FROM pg_stat_all_indexes WHERE indexrelname = 'segments_by_word'"
    )
    (before,) = await rows(database, scans)
    async with database.reading("default") as connection:
        (hit,) = (await search_segments(connection, "needle", 10)).items
        await connection.execute("SELECT pg_stat_force_next_flush()")
    (after,) = await rows(database, scans)
    assert hit["text"] == "needle"
    assert (after["n"] - before["n"], after["read"] - before["read"]) == (1, 1), "one entry of 20,000 was looked at"
