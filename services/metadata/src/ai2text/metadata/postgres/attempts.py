"""Rows of attempts. They may be told in any order, and again."""

from collections.abc import Mapping, Sequence

from ai2text.metadata.news import AttemptNews
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.staging import stage

COLUMNS = "job_id, number, tenant, worker, started_at, ended_at, error_code, error_detail"
MERGE = f"""
    INSERT INTO attempts AS known ({COLUMNS}) SELECT {COLUMNS} FROM staged_attempts ORDER BY job_id, number
    ON CONFLICT (job_id, number) DO UPDATE SET
        worker = CASE WHEN known.started_at <= excluded.started_at THEN known.worker
            ELSE coalesce(excluded.worker, known.worker) END,
        started_at = least(known.started_at, excluded.started_at),
        ended_at = coalesce(known.ended_at, excluded.ended_at),
        error_code = coalesce(known.error_code, excluded.error_code),
        error_detail = coalesce(known.error_detail, excluded.error_detail)
"""  # noqa: S608 - constants


async def save_attempts(connection: Connection, attempts: Mapping[tuple[str, int], AttemptNews]) -> None:
    """By job and number; the jobs are there."""
    await stage(connection, "attempts", COLUMNS, (_row(*key, news) for key, news in attempts.items()))
    await connection.execute(MERGE)


def _row(job_id: str, number: int, news: AttemptNews) -> Sequence[object]:
    error = (news.error.code, news.error.detail) if news.error else (None, None)
    return (job_id, number, news.tenant, news.worker, news.started_at, news.ended_at, *error)
