"""What can be asked about jobs. Every question carries the tenant, and no answer crosses it."""

from typing import Any

from ai2text.common.contracts.states import JobStatus
from ai2text.metadata.page import Page, Window
from ai2text.metadata.postgres.pool import Connection

_JOB = """
    SELECT job_id::text, position, recording_id::text, status, generation, replaces::text, lane, model, task, attempts,
        error_code, error_detail, requested_at, started_at, finished_at
    FROM jobs WHERE tenant = %(tenant)s
"""


async def list_jobs(connection: Connection, tenant: str, status: JobStatus | None, window: Window) -> Page:
    """The newest first. Raises Refused for a bad cursor."""
    chosen = "" if status is None else " AND status = %(status)s"
    cursor = await connection.execute(
        f"{_JOB}{chosen}{window.clause()}", {"tenant": tenant, "status": status, **window.parameters()}
    )
    return window.page([_job(row) for row in await cursor.fetchall()])


async def find_job(connection: Connection, tenant: str, job_id: str) -> dict[str, Any] | None:
    cursor = await connection.execute(f"{_JOB} AND job_id = %(job)s", {"tenant": tenant, "job": job_id})
    row = await cursor.fetchone()
    if row is None:
        return None
    del row["position"]
    return {**_job(row), "attempt_history": await _attempts(connection, tenant, job_id)}


async def _attempts(connection: Connection, tenant: str, job_id: str) -> list[dict[str, Any]]:
    """In order. Which worker it was says nothing to people outside."""
    cursor = await connection.execute(
        """
        SELECT number, started_at, ended_at, error_code, error_detail FROM attempts
        WHERE tenant = %s AND job_id = %s ORDER BY number
        """,
        (tenant, job_id),
    )
    return [{"error": _error(row), **row} for row in await cursor.fetchall()]


async def find_outcome_key(connection: Connection, tenant: str, job_id: str) -> str | None:
    """Of a job that has ended."""
    cursor = await connection.execute(
        "SELECT outcome_key FROM jobs WHERE tenant = %s AND job_id = %s AND job_rank(status) = 2", (tenant, job_id)
    )
    row = await cursor.fetchone()
    return row["outcome_key"] if row else None


def _job(row: dict[str, Any]) -> dict[str, Any]:
    """Progress is that of its state: what a worker is at in between is not stored."""
    error = _error(row)
    return {**row, "progress": 1.0 if row["status"] == JobStatus.COMPLETED else 0.0, "error": error}


def _error(row: dict[str, Any]) -> dict[str, str] | None:
    """Taken out of the row."""
    code, detail = row.pop("error_code"), row.pop("error_detail")
    return {"code": code, "detail": detail} if code else None
