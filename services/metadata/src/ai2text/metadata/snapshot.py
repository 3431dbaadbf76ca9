"""Everything that is transcribed, of one moment, row by row: what datasets are made from."""

from collections.abc import AsyncGenerator, Sequence

from psycopg.rows import DictRow
from pydantic import TypeAdapter

from ai2text.common.contracts.datasets import RecordingSource, SnapshotSize, TranscribedRecording, TranscribedSegment
from ai2text.common.contracts.states import ReviewStatus
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.languages import SPACELESS
from ai2text.metadata.postgres.pool import Database

ROWS_AT_ONCE = 500
FIRST_ROWS = 8
BYTES_AT_ONCE = 4 << 20
"""Of segments, about: ids are hashes, so those that come next are as long as those that came."""
_options = TypeAdapter(TranscriptionOptions)
_segments = TypeAdapter(tuple[TranscribedSegment, ...])


async def snapshot(
    database: Database, tenant: str, words_longer_than: float | None = None
) -> AsyncGenerator[TranscribedRecording, None]:
    """In the order of the ids, in bounded memory: one statement sees one moment. Raises CatalogueUnavailable.

    A recording whose ingestion has not been heard of yet, only its transcript, has no audio to speak of and is not
    among them. Nor is one of which there is only a translation: that is not what was said. Segments of more than
    `words_longer_than` seconds bring their words.
    """
    async with database.reading(tenant) as connection:
        await connection.execute(
            """
            DECLARE snapshot NO SCROLL CURSOR FOR
            SELECT r.recording_id::text, coalesce(e.next_life, 0) AS life, r.sha256, r.size_bytes, r.audio_key,
                r.container, r.duration_seconds, r.sample_rate_hz, r.channels, r.peak_dbfs, r.loudness_lufs,
                r.sound_sha256, r.created_at AS ingested_at, r.tags, r.review, t.revision, t.job_id::text, t.model,
                coalesce(jobs.options, jsonb_build_object()) AS options, t.language,
                coalesce(t.text, (SELECT string_agg(s.text,
                        CASE WHEN t.language = ANY(%(spaceless)s) THEN '' ELSE ' ' END ORDER BY s.place) FROM segments s
                    WHERE s.recording_id = t.recording_id AND s.revision = t.base AND s.until IS NULL), '') AS text,
                (SELECT jsonb_agg(jsonb_build_object('kind', kind, 'place', place, 'name', name) ORDER BY source_id)
                    FROM sources WHERE sources.recording_id = r.recording_id) AS sources,
                (SELECT jsonb_agg(jsonb_build_object('id', s.segment_id, 'start', s.start_seconds, 'end', s.end_seconds,
                        'text', s.text, 'speaker', s.speaker, 'avg_logprob', s.avg_logprob,
                        'compression_ratio', s.compression_ratio, 'words',
                        CASE WHEN s.end_seconds - s.start_seconds > %(longer)s::float8 THEN s.words ELSE '[]' END)
                        ORDER BY s.place)::text
                    FROM segments s WHERE s.recording_id = t.recording_id AND s.revision = coalesce(t.base, t.revision)
                        AND s.since <= t.revision AND (s.until IS NULL OR s.until > t.revision)) AS segments
            FROM recordings r
            JOIN transcripts t ON t.recording_id = r.recording_id AND t.revision = r.current_revision
            LEFT JOIN transcripts b ON b.recording_id = t.recording_id AND b.revision = t.base
            LEFT JOIN jobs ON jobs.job_id = coalesce(t.job_id, b.job_id)
            LEFT JOIN erasures e ON e.recording_id = r.recording_id
            WHERE r.tenant = %(tenant)s AND t.tenant = %(tenant)s AND r.audio_key IS NOT NULL
                AND jobs.task IS DISTINCT FROM 'translate'
            ORDER BY r.recording_id
            """,
            {"tenant": tenant, "spaceless": list(SPACELESS), "longer": words_longer_than},
        )
        count = FIRST_ROWS
        while rows := await (await connection.execute(f"FETCH {count} FROM snapshot")).fetchall():
            for row in rows:
                yield _transcribed(row)
            count = _rows_next(rows)


async def snapshot_size(database: Database, tenant: str) -> SnapshotSize:
    """Of about what `snapshot` would give: what was only translated counts here. Raises CatalogueUnavailable.

    Asked every minute, so it reads each recording and none of its transcripts, and sorts nothing: the state is one of
    all hashes, in whatever order.
    """
    async with database.reading(tenant) as connection:
        cursor = await connection.execute(
            """
            WITH transcribed AS MATERIALIZED (
                SELECT recording_id, listed_at, current_revision, review, tags, duration_seconds FROM recordings
                WHERE tenant = %(tenant)s AND audio_key IS NOT NULL AND current_revision IS NOT NULL
            ), of_recordings AS (
                SELECT count(*) AS recordings, coalesce(sum(duration_seconds), 0) AS duration_seconds,
                    coalesce(bit_xor(hash_record_extended(
                        ROW(recording_id, listed_at, current_revision, review, tags), 0)), 0) AS state
                FROM transcribed
            ), of_sources AS (
                SELECT coalesce(bit_xor(hash_record_extended(ROW(recording_id, source_id), 0)), 0) AS state
                FROM sources JOIN transcribed USING (recording_id) WHERE tenant = %(tenant)s
            )
            SELECT recordings, duration_seconds, (r.state # s.state)::text AS state
            FROM of_recordings r, of_sources s
            """,
            {"tenant": tenant},
        )
        (row,) = await cursor.fetchall()
    return SnapshotSize(**row)


def _rows_next(rows: Sequence[DictRow]) -> int:
    mean_bytes = sum(len(row["segments"] or "") for row in rows) / len(rows)
    return max(1, min(ROWS_AT_ONCE, 2 * len(rows), int(BYTES_AT_ONCE / max(mean_bytes, 1))))


def _transcribed(row: DictRow) -> TranscribedRecording:
    listed = {
        "tags": tuple(row["tags"]),
        "review": ReviewStatus(row["review"]),
        "sources": tuple(RecordingSource(**source) for source in row["sources"] or ()),
        "options": _options.validate_python(row["options"]),
        "segments": _segments.validate_json(row["segments"] or "[]"),
    }
    return TranscribedRecording(**{**row, **listed})
