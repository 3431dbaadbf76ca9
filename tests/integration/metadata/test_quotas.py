"""Audio seconds a month: set by whoever runs the installation, counted from the recordings, shown in the status."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ai2text.common.clock import utc_now
from ai2text.common.errors import Refused
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.postgres.quotas import save_quota
from ai2text.metadata.quotas import list_quotas
from ai2text.metadata.set_quota import seconds_of
from tests.integration.metadata.catalogue import INGESTED, asked, persisted


async def take_in(database: Database, name: str, seconds: float, tenant: str = "acme", **changes: Any) -> None:
    """As of now, unless another time is told."""
    job = asked(name, tenant)
    media = replace(INGESTED.media, duration_seconds=seconds)
    event = replace(INGESTED, tenant=tenant, recording_id=job.recording_id, first_job=job, media=media)
    await persisted(database, replace(event, **{"ingested_at": utc_now(), **changes}))


async def shown(database: Database, tenant: str = "acme") -> list[dict[str, Any]]:
    async with database.reading(tenant) as connection:
        return await list_quotas(connection, tenant)


async def allow(database: Database, tenant: str, seconds: float | None) -> None:
    async with database.transaction() as connection:
        await save_quota(connection, tenant, seconds)


async def test_what_was_taken_in_this_month_counts_once_and_only_the_tenants_own(database: Database) -> None:
    await allow(database, "acme", 3600)
    await allow(database, "other", 60)
    await take_in(database, "a", 10.5)
    await take_in(database, "a", 10.5)
    await take_in(database, "b", 4.5)
    await take_in(database, "last month", 100, ingested_at=utc_now() - timedelta(days=32))
    await take_in(database, "theirs", 1000, tenant="other")
    (quota,) = await shown(database)
    assert quota == {
        "tenant": "acme",
        "month": f"{utc_now():%Y-%m}",
        "audio_seconds_per_month": 3600.0,
        "audio_seconds": 15.0,
    }
    async with database.transaction() as connection:
        everybody = await list_quotas(connection, None)
    assert [(each["tenant"], each["audio_seconds"]) for each in everybody] == [("acme", 15.0), ("other", 1000.0)]


async def test_a_quota_can_be_changed_and_taken_away(database: Database) -> None:
    await allow(database, "new", 10)
    await allow(database, "new", 0)
    assert (await shown(database, "new"))[0]["audio_seconds_per_month"] == 0
    await allow(database, "new", None)
    assert await shown(database, "new") == []


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "much", ""])
def test_what_is_no_number_of_seconds_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        seconds_of(text)


async def test_the_command_sets_it_and_says_what_is_wrong(database: Database, postgres_dsn: str) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "AI2TEXT_POSTGRES_DSN": postgres_dsn}
        command = [sys.executable, "-m", "ai2text.metadata.set_quota", *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)

    done = run("acme", "7200")
    assert done.returncode == 0, done.stderr
    assert (await shown(database))[0]["audio_seconds_per_month"] == 7200
    assert run("acme", "none").returncode == 0
    assert await shown(database) == []
    for wrong in (("acme",), ("Acme!", "1"), ("acme", "lots")):
        refused = run(*wrong)
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr


@pytest.fixture
def full(database: Database, owner: psycopg.Connection) -> Database:
    """Enough recordings that the planner has a choice, most of them of earlier months."""
    owner.execute(
        """
        INSERT INTO recordings (recording_id, tenant, duration_seconds, created_at)
        SELECT gen_random_uuid(), CASE n % 4 WHEN 0 THEN 'acme' ELSE 'other' END, 10, now() - n * interval '10 minutes'
        FROM generate_series(1, 20000) n
        """
    )
    owner.execute("VACUUM ANALYZE recordings")
    return database


async def test_the_usage_is_read_from_its_index_alone(full: Database) -> None:
    await allow(full, "acme", 3600)
    async with full.reading("acme") as connection:
        recorded: list[str] = []

        class Explained:
            async def execute(self, statement: str, parameters: dict[str, Any]) -> Any:
                cursor = await connection.execute(f"EXPLAIN {statement}", parameters)
                recorded.extend(row["QUERY PLAN"] for row in await cursor.fetchall())
                return await connection.execute(statement, parameters)

        await list_quotas(Explained(), "acme")  # type: ignore[arg-type]
    assert any("Index Only Scan using recordings_by_creation" in line for line in recorded), recorded
