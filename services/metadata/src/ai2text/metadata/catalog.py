"""What can be asked of the catalogue. Every question carries the tenant, and no answer crosses it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ai2text.common.contracts.states import RecordingStatus
from ai2text.common.languages import joined
from ai2text.metadata.page import Order, Page, Window
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.revisions import HELD, PREVIEW_CHARACTERS

LISTED = Order(("listed_at", "position"))
OPTIONAL = {
    *("sha256", "language", "text_preview", "job_id", "reason", "duration_seconds", "superseded_by"),
    *("bit_rate_bps", "peak_dbfs", "loudness_lufs"),
}
"""Said only where there is something to say: silence has no loudness."""

_SHOWN = """
    SELECT r.recording_id::text, r.listed_at, r.position, r.sha256, r.size_bytes, r.status, r.review,
        r.duration_seconds, r.container, r.codec, r.sample_rate_hz, r.channels, r.bit_rate_bps, r.peak_dbfs,
        r.loudness_lufs, r.tags, r.media_tags, r.reason_code, r.reason_detail, r.created_at,
        r.language, coalesce(t.preview, left(t.text, %(preview)s)) AS text_preview,
        (SELECT job_id::text FROM jobs j WHERE j.recording_id = r.recording_id
         ORDER BY generation DESC, requested_at DESC NULLS LAST LIMIT 1) AS job_id,
        coalesce((SELECT jsonb_agg(jsonb_build_object('kind', s.kind, 'place', s.place, 'name', s.name)
                                   ORDER BY s.place, s.name)
                  FROM sources s WHERE s.recording_id = r.recording_id), '[]') AS sources,
        (SELECT CASE WHEN bool_and(coalesce(s.replaced_at > coalesce(s.seen_at, '-infinity'), false))
                     THEN (array_agg(s.replaced_by::text ORDER BY s.replaced_at DESC))[1] END
         FROM sources s WHERE s.recording_id = r.recording_id) AS superseded_by
"""
_ALL = "recordings r"
_TAGGED = "recording_tags g JOIN recordings r USING (recording_id)"
_TRANSCRIPT = "LEFT JOIN transcripts t ON t.recording_id = r.recording_id AND t.revision = r.current_revision"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which recordings; None does not restrict."""

    status: RecordingStatus | None = None
    language: str | None = None
    tag: str | None = None
    created_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRow:
    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """A segment as people see it; times in seconds from the start of the recording."""

    id: str
    etag: str
    start: float
    end: float
    text: str
    speaker: str | None
    words: tuple[WordRow, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptView:
    recording_id: str
    revision: int
    language: str
    model: str
    text: str
    segments: tuple[SegmentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Of a transcript: a revision, the current one where none is named, and the segments within some seconds."""

    revision: int | None = None
    begin_seconds: float = -1.0
    end_seconds: float = float("inf")


WHOLE = Part()


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFacts:
    """Where the audio of a recording lies."""

    key: str
    sha256: str
    size_bytes: int
    container: str


async def list_recordings(connection: Connection, tenant: str, filters: Filters, window: Window) -> Page:
    """The newest first. Raises Refused for a bad cursor.

    Each question goes along one index: a recording has a row for each of its tags with all that is asked for besides,
    and who has a language is transcribed.
    """
    place = window.parameters(LISTED)
    if filters.language is not None and filters.status not in {None, RecordingStatus.TRANSCRIBED}:
        return Page(items=[], next=None)
    table, at = (_ALL, "r.") if filters.tag is None else (_TAGGED, "g.")
    conditions = {
        "status": f"{at}status = %(status)s",
        "language": f"{at}language = %(language)s",
        "tag": "g.tag = %(tag)s",
        "created_after": f"{at}listed_at > %(created_after)s AND r.created_at > %(created_after)s",
    }
    chosen = {name: getattr(filters, name) for name in conditions if getattr(filters, name) is not None}
    where = " AND ".join([f"{at}tenant = %(tenant)s", *(conditions[name] for name in chosen)])
    cursor = await connection.execute(
        f"{_SHOWN} FROM {table} {_TRANSCRIPT} WHERE {where}{window.clause(LISTED, at)}",
        {"tenant": tenant, "preview": PREVIEW_CHARACTERS, **chosen, **place},
    )
    return window.page([_recording(row) for row in await cursor.fetchall()], LISTED)


async def find_recording(connection: Connection, tenant: str, recording_id: str) -> dict[str, Any] | None:
    return (await find_recordings(connection, tenant, [recording_id])).get(recording_id)


async def find_recordings(connection: Connection, tenant: str, ids: list[str]) -> dict[str, dict[str, Any]]:
    """As lists show them, by their ids."""
    cursor = await connection.execute(
        f"{_SHOWN} FROM {_ALL} {_TRANSCRIPT} WHERE r.tenant = %(tenant)s AND r.recording_id = ANY(%(ids)s::uuid[])",
        {"tenant": tenant, "preview": PREVIEW_CHARACTERS, "ids": ids},
    )
    found = [_recording(row) for row in await cursor.fetchall()]
    return {row["recording_id"]: {k: v for k, v in row.items() if k not in LISTED.columns} for row in found}


async def find_transcript(
    connection: Connection, tenant: str, recording_id: str, part: Part = WHOLE
) -> TranscriptView | None:
    """None when there is none (yet)."""
    cursor = await connection.execute(
        """
        SELECT t.recording_id::text, t.revision, coalesce(t.base, t.revision) AS base, t.language, t.model
        FROM recordings r JOIN transcripts t
            ON t.recording_id = r.recording_id AND t.revision = coalesce(%s, r.current_revision)
        WHERE r.tenant = %s AND t.tenant = %s AND r.recording_id = %s
        """,
        (part.revision, tenant, tenant, recording_id),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    cursor = await connection.execute(
        f"""
        SELECT segment_id::text AS id, etag, start_seconds AS start, end_seconds AS end, text, speaker, words
        FROM segments
        WHERE tenant = %(tenant)s AND {HELD} AND end_seconds > %(begin)s AND start_seconds < %(end)s
        ORDER BY place
        """,  # noqa: S608 - a constant
        {
            "tenant": tenant,
            "recording": recording_id,
            "base": row.pop("base"),
            "revision": row["revision"],
            "begin": part.begin_seconds,
            "end": part.end_seconds,
        },
    )
    segments = [
        SegmentRow(**{**segment, "words": tuple(WordRow(**word) for word in segment["words"])})
        for segment in await cursor.fetchall()
    ]
    text = joined((segment.text for segment in segments), row["language"])
    return TranscriptView(**row, text=text, segments=tuple(segments))


async def list_revisions(connection: Connection, tenant: str, recording_id: str) -> list[dict[str, Any]] | None:
    """The oldest first; None when there is none (yet)."""
    cursor = await connection.execute(
        """
        SELECT t.revision, t.parent, t.author, t.kind, t.change, t.model, t.job_id::text, t.created_at,
            t.revision = r.current_revision AS current
        FROM transcripts t JOIN recordings r USING (recording_id)
        WHERE t.tenant = %s AND r.tenant = %s AND t.recording_id = %s ORDER BY t.revision
        """,
        (tenant, tenant, recording_id),
    )
    return await cursor.fetchall() or None


async def find_audio(connection: Connection, tenant: str, recording_id: str) -> AudioFacts | None:
    cursor = await connection.execute(
        """
        SELECT audio_key AS key, sha256, size_bytes, container FROM recordings
        WHERE tenant = %s AND recording_id = %s AND audio_key IS NOT NULL
        """,
        (tenant, recording_id),
    )
    row = await cursor.fetchone()
    return AudioFacts(**row) if row else None


def _recording(row: dict[str, Any]) -> dict[str, Any]:
    """What the outside sees; fields that say nothing for this recording are left out."""
    reason = {"code": row["reason_code"], "detail": row["reason_detail"]} if row["reason_code"] else None
    hidden = {"reason_code", "reason_detail"}
    shown = {**{k: v for k, v in row.items() if k not in hidden}, "reason": reason}
    return {name: value for name, value in shown.items() if name not in OPTIONAL or value is not None}
