"""Counts and rates over recordings and jobs: of one tenant, or of all when none is given."""

from datetime import datetime
from typing import Any

from ai2text.common.contracts.states import JobStatus, Lane, RecordingStatus
from ai2text.metadata.postgres.pool import Connection

_TENANT = "(%(tenant)s::text IS NULL OR tenant = %(tenant)s)"


async def count(connection: Connection, tenant: str | None) -> dict[str, dict[str, int]]:
    """Recordings and jobs by status."""
    return {
        "recordings": await _count(connection, "recordings", tenant, [s.value for s in RecordingStatus]),
        "jobs": await _count(connection, "jobs", tenant, [s.value for s in JobStatus]),
    }


async def _count(connection: Connection, table: str, tenant: str | None, statuses: list[str]) -> dict[str, int]:
    cursor = await connection.execute(
        f"SELECT status, count(*) AS n FROM {table} WHERE {_TENANT} GROUP BY status",  # noqa: S608 - constants
        {"tenant": tenant},
    )
    found = {row["status"]: row["n"] for row in await cursor.fetchall()}
    return {status: found.get(status, 0) for status in statuses}


async def backlog(connection: Connection, tenant: str | None) -> dict[str, dict[str, Any]]:
    """Queued and running jobs by lane, and the seconds of their audio."""
    cursor = await connection.execute(
        f"""
        SELECT lane, count(*) AS jobs, coalesce(sum(duration_seconds), 0) AS audio_seconds
        FROM jobs WHERE {_TENANT} AND status IN ('queued', 'running') AND lane IS NOT NULL GROUP BY lane
        """,  # noqa: S608 - a constant of this module
        {"tenant": tenant},
    )
    found = {row.pop("lane"): row for row in await cursor.fetchall()}
    return {lane.value: found.get(lane, {"jobs": 0, "audio_seconds": 0.0}) for lane in Lane}


async def rates(connection: Connection, tenant: str | None, since: datetime) -> dict[str, Any]:
    """What was transcribed, and the real-time factor: seconds of work for each second of audio."""
    cursor = await connection.execute(
        f"""
        SELECT count(DISTINCT recording_id) AS recordings, coalesce(sum(duration_seconds), 0) AS audio_seconds,
            coalesce(sum(processing_seconds), 0) AS processing_seconds,
            sum(processing_seconds) / nullif(sum(duration_seconds), 0) AS real_time_factor
        FROM jobs WHERE {_TENANT} AND status = 'completed' AND finished_at > %(since)s
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
            WHERE {_TENANT} AND status = 'failed' AND finished_at > %(since)s
            UNION ALL
            SELECT 'rejections', reason_code FROM recordings
            WHERE {_TENANT} AND status = 'rejected' AND created_at > %(since)s
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
