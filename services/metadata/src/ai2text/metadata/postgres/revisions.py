"""Rows of human revisions: each changes some segments of a machine's transcript, and the others hold on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ai2text.common.contracts.outcome import Word
from ai2text.common.contracts.revisions import Change, HumanRevision, RevisedSegment
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.transcripts import WORDS
from ai2text.metadata.transcript_edit import etag_of

NEWEST = 2**31 - 1
PREVIEW_SEGMENTS = 50
PREVIEW_CHARACTERS = 200
HELD = """recording_id = %(recording)s AND revision = %(base)s
    AND since <= %(revision)s AND (until IS NULL OR until > %(revision)s)"""
"""Which segments make up a revision, of its base."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What people see of a recording now."""

    recording_id: str
    revision: int
    base: int
    base_job_id: str
    newest: int
    """The highest number that is taken."""
    newest_key: str | None
    """Of the last human revision that is known."""
    duration_seconds: float
    life: int
    """Of the recording, see `identity`."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A segment, and what an editor must have seen of it."""

    segment: RevisedSegment
    etag: str


async def find_present(connection: Connection, tenant: str, recording_id: str) -> Present | None:
    """None without a transcript."""
    cursor = await connection.execute(
        """
        SELECT r.recording_id::text, t.revision, coalesce(t.base, t.revision) AS base, b.job_id::text AS base_job_id,
            (SELECT max(revision) FROM transcripts n WHERE n.recording_id = r.recording_id) AS newest,
            (SELECT revision_key FROM transcripts n WHERE n.recording_id = r.recording_id AND kind = 'human'
             ORDER BY revision DESC LIMIT 1) AS newest_key,
            coalesce(r.duration_seconds, 0) AS duration_seconds,
            coalesce((SELECT next_life FROM erasures e WHERE e.recording_id = r.recording_id), 0) AS life
        FROM recordings r
        JOIN transcripts t ON t.recording_id = r.recording_id AND t.revision = r.current_revision
        JOIN transcripts b ON b.recording_id = r.recording_id AND b.revision = coalesce(t.base, t.revision)
        WHERE r.tenant = %s AND r.recording_id = %s
        """,
        (tenant, recording_id),
    )
    row = await cursor.fetchone()
    return Present(**row) if row else None


async def find_base(connection: Connection, recording_id: str, revision: int) -> tuple[int, str] | None:
    """Of a revision: the machine's on which it stands, and that one's job."""
    cursor = await connection.execute(
        """
        SELECT b.revision, b.job_id::text FROM transcripts t
        JOIN transcripts b ON b.recording_id = t.recording_id AND b.revision = coalesce(t.base, t.revision)
        WHERE t.recording_id = %s AND t.revision = %s
        """,
        (recording_id, revision),
    )
    row = await cursor.fetchone()
    return (row["revision"], row["job_id"]) if row else None


async def unknown_revisions(connection: Connection, keys: Sequence[str]) -> list[str]:
    """Of keys of human revisions those that the catalogue does not know."""
    cursor = await connection.execute(
        """
        SELECT asked.key FROM unnest(%s::text[]) AS asked (key)
        WHERE NOT EXISTS (SELECT FROM transcripts WHERE revision_key = asked.key)
        """,
        (list(keys),),
    )
    return [row["key"] for row in await cursor.fetchall()]


async def find_base_of_job(connection: Connection, recording_id: str, job_id: str) -> int | None:
    cursor = await connection.execute(
        "SELECT revision FROM transcripts WHERE recording_id = %s AND job_id = %s", (recording_id, job_id)
    )
    row = await cursor.fetchone()
    return row["revision"] if row else None


async def newest_segments(connection: Connection, recording_id: str, base: int) -> list[Standing]:
    """As the last revision on this base left them."""
    return await segments_at(connection, recording_id, base, NEWEST)


async def segments_at(
    connection: Connection, recording_id: str, base: int, revision: int, only: str | None = None
) -> list[Standing]:
    """All of them, in order; or `only` one, and the one that follows it."""
    chosen = ""
    if only is not None:
        chosen = f"AND place >= (SELECT place FROM segments WHERE {HELD} AND segment_id = %(only)s)"  # noqa: S608
    cursor = await connection.execute(
        f"""
        SELECT segment_id::text AS id, place, start_seconds, end_seconds, text, speaker, words, etag FROM segments
        WHERE {HELD} {chosen} ORDER BY place LIMIT %(most)s
        """,  # noqa: S608 - constants
        {
            "recording": recording_id,
            "base": base,
            "revision": revision,
            "only": only,
            "most": None if only is None else 2,
        },
    )
    return [_standing(row) for row in await cursor.fetchall()]


def _standing(row: dict[str, Any]) -> Standing:
    segment = RevisedSegment(
        id=row["id"],
        place=row["place"],
        start=row["start_seconds"],
        end=row["end_seconds"],
        text=row["text"],
        speaker=row["speaker"],
        words=tuple(Word(**word) for word in row["words"]),
    )
    return Standing(segment, row["etag"])


async def save_revision(connection: Connection, revision: HumanRevision, base: int, key: str) -> int | None:
    """Its number; None when it is known. People see it from now on. The caller holds the recording's row.

    It keeps its number, unless something else has that: the catalogue was lost, and learnt of it in another order.
    """
    cursor = await connection.execute(
        """
        SELECT max(revision) AS newest, max(revision) FILTER (WHERE kind = 'human') AS corrected,
            bool_or(revision_key IS NOT DISTINCT FROM %s) AS known
        FROM transcripts WHERE recording_id = %s
        """,
        (key, revision.recording_id),
    )
    (row,) = await cursor.fetchall()
    if row["known"]:
        return None
    number: int = max(revision.revision, row["newest"] + 1)
    seen_before = min(revision.parent, number - 1) if revision.change is Change.REVERT else base
    about = {
        "recording": revision.recording_id,
        "revision": number,
        "base": base,
        "tenant": revision.tenant,
        "gone": [*revision.removed, *(one.id for one in revision.changed)],
    }
    await connection.execute(
        """
        UPDATE segments SET until = %(revision)s
        WHERE recording_id = %(recording)s AND revision = %(base)s AND until IS NULL
            AND segment_id = ANY(%(gone)s::uuid[])
        """,
        about,
    )
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """
            INSERT INTO segments (recording_id, revision, since, place, segment_id, tenant, etag, start_seconds,
                end_seconds, text, speaker, words)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            [_row(revision, base, number, one) for one in revision.changed],
        )
    await connection.execute(
        """
        INSERT INTO transcripts (recording_id, revision, tenant, kind, parent, base, author, change, generation, model,
            engine, language, language_probability, preview, revision_key, created_at)
        SELECT recording_id, %(revision)s, tenant, 'human', %(parent)s, revision, %(author)s, %(change)s, generation,
            model, engine, language, language_probability,
            (SELECT left(string_agg(text, ' ' ORDER BY place), %(characters)s) FROM (
                SELECT text, place FROM segments s
                WHERE s.recording_id = t.recording_id AND s.revision = t.revision AND s.until IS NULL
                ORDER BY place LIMIT %(segments)s) AS begins),
            %(key)s, %(created_at)s
        FROM transcripts t WHERE recording_id = %(recording)s AND revision = %(base)s
        """,
        {
            **about,
            "parent": row["corrected"] or seen_before,
            "author": revision.author,
            "change": revision.change,
            "characters": PREVIEW_CHARACTERS,
            "segments": PREVIEW_SEGMENTS,
            "key": key,
            "created_at": revision.created_at,
        },
    )
    await connection.execute(
        """
        UPDATE recordings r SET current_revision = %(revision)s, language = t.language,
            review = CASE review WHEN 'excluded' THEN review ELSE 'corrected' END
        FROM transcripts t
        WHERE r.recording_id = %(recording)s AND t.recording_id = r.recording_id AND t.revision = %(base)s
        """,
        about,
    )
    return number


def _row(revision: HumanRevision, base: int, number: int, one: RevisedSegment) -> Sequence[object]:
    return (
        revision.recording_id,
        base,
        number,
        one.place,
        one.id,
        revision.tenant,
        etag_of(one),
        one.start,
        one.end,
        one.text,
        one.speaker,
        WORDS.dump_json(one.words).decode(),
    )
