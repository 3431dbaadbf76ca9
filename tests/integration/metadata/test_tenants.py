"""Tenants appear by themselves, with the first that is heard of them."""

import asyncio
from dataclasses import replace

from ai2text.common.contracts.recordings import RecordingRejected
from ai2text.metadata.postgres.pool import Database
from tests.fixtures.examples import EVENTS
from tests.integration.metadata.catalogue import INGESTED, asked, ingest, persisted, rows, transcribe

REPLICAS, TENANTS = 4, 30


async def known(database: Database) -> list[str]:
    return [row["tenant"] for row in await rows(database, "SELECT tenant FROM tenants ORDER BY tenant")]


async def test_whatever_is_heard_first_makes_the_tenant_known(database: Database) -> None:
    rejected = EVENTS["recording.rejected.v1"]
    assert isinstance(rejected, RecordingRejected)
    await ingest(database, asked("a", "by-ingestion"))
    await transcribe(database, asked("a", "by-transcript"), "words")
    await persisted(database, replace(rejected, tenant="by-rejection"))
    assert await known(database) == ["by-ingestion", "by-rejection", "by-transcript"]


async def test_it_has_been_known_since_the_first_time(database: Database) -> None:
    await ingest(database, asked("a"))
    first = await rows(database, "SELECT * FROM tenants")
    await ingest(database, asked("b"))
    assert await rows(database, "SELECT * FROM tenants") == first


async def test_replicas_that_hear_of_many_new_ones_at_once_do_not_lock_each_other_out(database: Database) -> None:
    names = [f"tenant-{number:02}" for number in range(TENANTS)]
    jobs = [asked("a", name) for name in names]
    reports = [replace(INGESTED, tenant=j.tenant, recording_id=j.recording_id, first_job=j) for j in jobs]
    turned = (reports[n * 7 :] + reports[: n * 7] for n in range(REPLICAS))
    await asyncio.gather(*(persisted(database, *batch) for batch in turned))
    assert await known(database) == names
