"""The review queue over recordings whose errors are known."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ai2text.metadata.news import Report, Transcribed
from ai2text.metadata.page import Window
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.review_queue import Chosen, list_review
from ai2text.metadata.settings import PostgresSettings
from tests.fixtures.reviewed import Heard
from tests.integration.metadata.catalogue import INGESTED, asked, persisted

PAGE = 7


async def in_the_order_of_the_queue(dsn: str, heard: Sequence[Heard], tenant: str) -> list[Heard]:
    """As a tenant of its own would see them, page by page."""
    async with Database(PostgresSettings(dsn=dsn)) as database:
        await persisted(database, *(report for one in heard for report in _reports(one, tenant)))
        found, after = list[str](), None
        while True:
            async with database.reading(tenant) as connection:
                page = await list_review(connection, tenant, Chosen(), Window(limit=PAGE, after=after))
            found += [item["recording_id"] for item in page.items]
            after = page.next
            if after is None:
                break
    by_id = {asked(one.name, tenant).recording_id: one for one in heard}
    return [by_id[recording_id] for recording_id in found]


def _reports(one: Heard, tenant: str) -> list[Report]:
    job = asked(one.name, tenant)
    media = replace(INGESTED.media, duration_seconds=one.seconds)
    ids: dict[str, Any] = {"tenant": tenant, "recording_id": job.recording_id}
    transcript = replace(one.transcript, tenant=tenant, recording_id=job.recording_id, job_id=job.job_id, generation=0)
    return [
        replace(INGESTED, **ids, first_job=job, media=media),
        Transcribed(transcript=transcript, outcome_key=job.outcome_key),
    ]
