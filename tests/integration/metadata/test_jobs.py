"""Pages of jobs."""

from typing import Any

import pytest

from ai2text.common.contracts.states import JobStatus
from ai2text.common.errors import Refused
from ai2text.metadata.jobs import find_job, list_jobs
from ai2text.metadata.page import Page, Window
from ai2text.metadata.postgres.pool import Database
from tests.integration.metadata.catalogue import asked, fail, ingest


async def page_of(database: Database, tenant: str = "default", status: JobStatus | None = None, **window: Any) -> Page:
    async with database.transaction() as connection:
        return await list_jobs(connection, tenant, status, Window(**{"limit": 100, **window}))


async def test_a_page_of_jobs_stays_what_it_was_while_jobs_arrive(database: Database) -> None:
    jobs = [asked(f"talk {n}") for n in range(7)]
    for job in jobs[:5]:
        await ingest(database, job)
    first = await page_of(database, limit=2)
    for job in jobs[5:]:
        await ingest(database, job)
    second = await page_of(database, limit=2, after=first.next)
    third = await page_of(database, limit=2, after=second.next)
    walked = [item["job_id"] for page in (first, second, third) for item in page.items]
    assert walked == [job.job_id for job in reversed(jobs[:5])]
    assert third.next is None


async def test_a_full_last_page_has_no_next(database: Database) -> None:
    for n in range(2):
        await ingest(database, asked(f"talk {n}"))
    assert (await page_of(database, limit=2)).next is None


async def test_jobs_are_listed_as_one_job_is_shown(database: Database) -> None:
    job = asked("talk")
    await ingest(database, job)
    await fail(database, job)
    (item,) = (await page_of(database)).items
    async with database.transaction() as connection:
        shown = await find_job(connection, "default", job.job_id)
    assert shown is not None
    (attempt,) = shown.pop("attempt_history")
    assert (attempt["number"], attempt["error"]) == (1, item["error"])
    assert shown == item
    assert item["error"] == {"code": "decode_failed", "detail": "The sound is damaged."}
    assert set(item) == {
        *("job_id", "recording_id", "status", "progress", "error", "lane", "model", "task", "generation", "attempts"),
        *("requested_at", "started_at", "finished_at", "replaces"),
    }


async def test_jobs_are_chosen_by_status(database: Database) -> None:
    good, bad = asked("good"), asked("bad")
    for job in (good, bad):
        await ingest(database, job)
    await fail(database, bad)
    failed = await page_of(database, status=JobStatus.FAILED)
    assert [item["job_id"] for item in failed.items] == [bad.job_id]


async def test_another_tenants_jobs_are_not_listed(database: Database) -> None:
    await ingest(database, asked("talk"))
    assert await page_of(database, "stranger") == Page(items=[], next=None)


async def test_a_cursor_that_no_page_had_is_refused(database: Database) -> None:
    with pytest.raises(Refused, match="after_id"):
        await page_of(database, after="?")
