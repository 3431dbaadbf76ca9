"""Rows of recordings, rejections and sources. Every statement may be repeated, and takes its rows in one order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected
from ai2text.common.contracts.states import RecordingStatus
from ai2text.common.errors import Refused
from ai2text.metadata.news import RecordingNews, SourceNews
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.staging import stage

COLUMNS = (
    "recording_id, tenant, sha256, size_bytes, audio_key, container, codec, duration_seconds, sample_rate_hz, "
    "channels, bit_rate_bps, peak_dbfs, loudness_lufs, sound_sha256, media_tags, tags, status, reason_code, "
    "reason_detail, created_at, listed_at"
)
MERGE = f"""
    INSERT INTO recordings AS known ({COLUMNS})
    SELECT {COLUMNS} FROM staged_recordings ORDER BY recording_id
    ON CONFLICT (recording_id) DO UPDATE SET
        sha256 = excluded.sha256, size_bytes = excluded.size_bytes, audio_key = excluded.audio_key,
        container = excluded.container, codec = excluded.codec, duration_seconds = excluded.duration_seconds,
        sample_rate_hz = excluded.sample_rate_hz, channels = excluded.channels, bit_rate_bps = excluded.bit_rate_bps,
        peak_dbfs = excluded.peak_dbfs, loudness_lufs = excluded.loudness_lufs,
        sound_sha256 = coalesce(excluded.sound_sha256, known.sound_sha256), media_tags = excluded.media_tags,
        tags = ARRAY(SELECT DISTINCT unnest(known.tags || excluded.tags) ORDER BY 1),
        created_at = least(known.created_at, excluded.created_at)
    WHERE excluded.audio_key IS NOT NULL
"""  # noqa: S608 - constants
SOURCE = "recording_id, source_id, tenant, kind, place, name, modified_at, seen_at, replaced_by, replaced_at"


async def save_recordings(
    connection: Connection, recordings: Iterable[RecordingNews], rejections: Iterable[RecordingRejected]
) -> None:
    """And holds their rows until the transaction ends, also of those of which nothing new is told."""
    rows = [*map(_recording, recordings), *map(_rejection, rejections)]
    await stage(connection, "recordings", COLUMNS, rows)
    await connection.execute(MERGE)


def _recording(recording: RecordingNews) -> Sequence[object]:
    facts, tags = _facts(recording.facts), sorted(recording.tags)
    status = RecordingStatus.QUEUED
    heard_at = (recording.heard_at, recording.heard_at)
    return (recording.recording_id, recording.tenant, *facts, tags, status, None, None, *heard_at)


def _facts(event: RecordingIngested | None) -> Sequence[object]:
    """From sha256 to media_tags; nearly none when only later events have been heard of."""
    if event is None:
        return (*(None,) * 12, Jsonb({}))
    media = event.media
    return (
        event.sha256,
        event.size_bytes,
        event.audio_key,
        media.container,
        media.codec,
        media.duration_seconds,
        media.sample_rate_hz,
        media.channels,
        media.bit_rate_bps,
        media.peak_dbfs,
        media.loudness_lufs,
        media.sound_sha256,
        Jsonb(media.tags),
    )


def _rejection(event: RecordingRejected) -> Sequence[object]:
    facts = (event.sha256, event.size_bytes, *(None,) * 10, Jsonb({}))
    reason = (event.reason.code, event.reason.detail)
    return (
        event.rejection_id,
        event.tenant,
        *facts,
        [],
        RecordingStatus.REJECTED,
        *reason,
        event.rejected_at,
        event.rejected_at,
    )


async def save_sources(connection: Connection, sources: Mapping[tuple[str, str], SourceNews]) -> None:
    """By recording and source."""
    rows = ((recording_id, source_id, *_source(news)) for (recording_id, source_id), news in sources.items())
    await stage(connection, "sources", SOURCE, rows)
    await connection.execute(
        f"""
        INSERT INTO sources AS known ({SOURCE})
        SELECT {SOURCE} FROM staged_sources ORDER BY recording_id, source_id
        ON CONFLICT (recording_id, source_id) DO UPDATE SET
            modified_at = coalesce(excluded.modified_at, known.modified_at),
            seen_at = greatest(known.seen_at, excluded.seen_at),
            replaced_by = CASE WHEN coalesce(excluded.replaced_at > known.replaced_at, known.replaced_at IS NULL)
                THEN excluded.replaced_by ELSE known.replaced_by END,
            replaced_at = greatest(known.replaced_at, excluded.replaced_at)
        """  # noqa: S608 - constants
    )


def _source(news: SourceNews) -> Sequence[object]:
    """From tenant to replaced_at."""
    source = news.source
    modified_at = source.modified_at if news.seen_at else None  # of the bytes that it holds now
    place = (source.kind, source.place, source.name, modified_at)
    return (news.tenant, *place, news.seen_at, news.replaced_by, news.replaced_at)


async def follow_newest_jobs(connection: Connection, recording_ids: Sequence[str]) -> None:
    """Until a current transcript exists a recording follows its newest job; then it stays transcribed."""
    await connection.execute(
        """
        UPDATE recordings SET status = following.status
        FROM (
            SELECT recording_id, CASE WHEN current_revision IS NOT NULL THEN 'transcribed'
                ELSE CASE newest.status WHEN 'running' THEN 'transcribing' WHEN 'completed' THEN 'transcribing'
                                        ELSE coalesce(newest.status, recordings.status) END END AS status
            FROM recordings LEFT JOIN LATERAL (
                SELECT jobs.status FROM jobs WHERE jobs.recording_id = recordings.recording_id
                ORDER BY generation DESC, requested_at DESC NULLS LAST LIMIT 1) AS newest ON true
            WHERE recording_id = ANY(%s) AND recordings.status <> 'rejected'
        ) AS following
        WHERE recordings.recording_id = following.recording_id AND recordings.status <> following.status
        """,
        (list(recording_ids),),
    )


async def change_recording(
    connection: Connection, tenant: str, recording_id: str, review: str | None, tags: Sequence[str] | None
) -> None:
    """What is None stays."""
    await connection.execute(
        """
        UPDATE recordings SET review = coalesce(%(review)s, review),
            tags = coalesce((SELECT array_agg(DISTINCT tag ORDER BY tag) FROM unnest(%(tags)s::text[]) AS tag),
                CASE WHEN %(tags)s::text[] IS NULL THEN tags ELSE '{}' END)
        WHERE tenant = %(tenant)s AND recording_id = %(id)s
        """,
        {"tenant": tenant, "id": recording_id, "review": review, "tags": None if tags is None else list(tags)},
    )


async def hold(connection: Connection, recording_id: str) -> bool:
    """Until the transaction ends nobody else reports on it, or asks for it. False when there is no such row."""
    cursor = await connection.execute("SELECT FROM recordings WHERE recording_id = %s FOR UPDATE", (recording_id,))
    return cursor.rowcount > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRecording:
    """What has to be known to erase it; nothing of the audio while only later events have been heard of."""

    status: str
    sha256: str | None
    audio_key: str | None


async def hold_of_tenant(connection: Connection, tenant: str, recording_id: str) -> HeldRecording | None:
    """Likewise, if it is the tenant's."""
    async with connection.cursor(row_factory=class_row(HeldRecording)) as cursor:
        await cursor.execute(
            "SELECT status, sha256, audio_key FROM recordings WHERE tenant = %s AND recording_id = %s FOR UPDATE",
            (tenant, recording_id),
        )
        return await cursor.fetchone()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecording:
    """What a worker must know of it."""

    recording_id: str
    audio_key: str
    sha256: str
    size_bytes: int
    duration_seconds: float
    channels: int


async def find_stored(connection: Connection, tenant: str, recording_id: str) -> StoredRecording | None:
    """None also while only later events have been heard of. Raises Refused for one that was rejected."""
    cursor = await connection.execute(
        """
        SELECT recording_id::text, audio_key, sha256, size_bytes, duration_seconds, channels, reason_code
        FROM recordings WHERE tenant = %s AND recording_id = %s AND (audio_key IS NOT NULL OR status = 'rejected')
        """,
        (tenant, recording_id),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    refused = row.pop("reason_code")
    if row["audio_key"] is None:
        raise Refused("recording_rejected", f"recording_id: this one was refused ({refused}), there is no sound of it.")
    return StoredRecording(**row)
