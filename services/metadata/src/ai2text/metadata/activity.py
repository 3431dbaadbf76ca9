"""Counts and rates over recordings and jobs: of one tenant, or of all when none is given."""

from datetime import datetime
from typing import Any

from ai2text.common.contracts.states import JobStatus, Lane, RecordingStatus
from ai2text.metadata.postgres.pool import Connection


async def count(connection: Connection, tenant: str | None) -> dict[str, dict[str, int]]:
    """Recordings and jobs by status; also of a million at once, for they are counted as they change."""
    cursor = await connection.execute(
        f"""
        SELECT counted, status, sum(n)::bigint AS n FROM status_counts WHERE {_of(tenant)} GROUP BY counted, status
        """,  # noqa: S608 - a constant of this module
        {"tenant": tenant},
    )
    found = {(row["counted"], row["status"]): row["n"] for row in await cursor.fetchall()}
    return {
        "recordings": {status.value: found.get(("recordings", status), 0) for status in RecordingStatus},
        "jobs": {status.value: found.get(("jobs", status), 0) for status in JobStatus},
    }


async def backlog(connection: Connection, tenant: str | None) -> dict[str, dict[str, Any]]:
    """Queued and running jobs by lane, and the seconds of their audio."""
    cursor = await connection.execute(
        f"""
        SELECT lane, sum(n)::bigint AS jobs, sum(audio_seconds)::float8 AS audio_seconds FROM status_counts
        WHERE {_of(tenant)} AND counted = 'jobs' AND status IN ('queued', 'running') AND lane IS NOT NULL GROUP BY lane
        """,  # noqa: S608 - a constant of this module
        {"tenant": tenant},
    )
    found = {row.pop("lane"): row for row in await cursor.fetchall()}
    return {lane.value: found.get(lane, {"jobs": 0, "audio_seconds": 0.0}) for lane in Lane}


async def fold_counts(connection: Connection) -> None:
    """One line where there were several; nobody sees a moment without either."""
    await connection.execute(
        """
        WITH several AS (
            SELECT tenant, counted, lane, status FROM status_counts
            GROUP BY tenant, counted, lane, status HAVING count(*) > 1
        ), folded AS (
            DELETE FROM status_counts c USING several s
            WHERE (c.tenant, c.counted, c.status) = (s.tenant, s.counted, s.status)
                AND c.lane IS NOT DISTINCT FROM s.lane
            RETURNING c.*
        )
        INSERT INTO status_counts (tenant, counted, lane, status, n, audio_seconds)
        SELECT tenant, counted, lane, status, sum(n), sum(audio_seconds) FROM folded
        GROUP BY tenant, counted, lane, status HAVING sum(n) <> 0 OR sum(audio_seconds) <> 0
        """
    )
    await connection.execute(
        """
        WITH several AS (
            SELECT tenant, language FROM review_counts GROUP BY tenant, language HAVING count(*) > 1
        ), folded AS (
            DELETE FROM review_counts c USING several s WHERE (c.tenant, c.language) = (s.tenant, s.language)
            RETURNING c.*
        )
        INSERT INTO review_counts (tenant, language, n, audio_seconds)
        SELECT tenant, language, sum(n), sum(audio_seconds) FROM folded
        GROUP BY tenant, language HAVING sum(n) <> 0 OR sum(audio_seconds) <> 0
        """
    )


async def rates(connection: Connection, tenant: str | None, since: datetime) -> dict[str, Any]:
    """What was transcribed, and the real-time factor: seconds of work for each second of audio."""
    cursor = await connection.execute(
        f"""
        SELECT count(DISTINCT recording_id) AS recordings, coalesce(sum(duration_seconds), 0) AS audio_seconds,
            coalesce(sum(processing_seconds), 0) AS processing_seconds,
            sum(processing_seconds) / nullif(sum(duration_seconds), 0) AS real_time_factor
        FROM jobs WHERE {_of(tenant)} AND status = 'completed' AND finished_at > %(since)s
        """,  # noqa: S608 - a constant of this module
        {"tenant": tenant, "since": since},
    )
    return await cursor.fetchone() or {}


async def failures(connection: Connection, tenant: str | None, since: datetime) -> dict[str, Any]:
    """Jobs that failed and inputs that were refused, and how often for each reason."""
    cursor = await connection.execute(
        f"""
        SELECT kind, code, count(*) AS n FROM (
            SELECT 'jobs' AS kind, error_code AS code FROM jobs
            WHERE {_of(tenant)} AND status = 'failed' AND finished_at > %(since)s
            UNION ALL
            SELECT 'rejections', reason_code FROM recordings
            WHERE {_of(tenant)} AND status = 'rejected' AND created_at > %(since)s
        ) AS failed GROUP BY kind, code ORDER BY code
        """,  # noqa: S608 - a constant of this module
        {"tenant": tenant, "since": since},
    )
    counted: dict[str, Any] = {"jobs": 0, "rejections": 0}
    by_code: dict[str, int] = {}
    for row in await cursor.fetchall():
        counted[row["kind"]] += row["n"]
        by_code[row["code"]] = by_code.get(row["code"], 0) + row["n"]
    return {**counted, "by_code": by_code}


async def count_dead_letters(connection: Connection, since: datetime) -> int:
    cursor = await connection.execute("SELECT count(*) AS n FROM dead_letters WHERE dead_at > %s", (since,))
    row = await cursor.fetchone()
    return int(row["n"]) if row else 0


def _of(tenant: str | None) -> str:
    return "true" if tenant is None else "tenant = %(tenant)s"
