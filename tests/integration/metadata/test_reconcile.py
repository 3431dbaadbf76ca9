"""What was lost is found again: jobs without a message, and recordings that the catalogue has forgotten."""

from dataclasses import replace
from typing import Any

import pytest

from ai2text.common import subjects
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.persist_reports import PersistReports
from ai2text.metadata.postgres import outbox
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.queues import Queues
from ai2text.metadata.reconcile_bucket import ReconcileBucket
from ai2text.metadata.reconcile_jobs import ReconcileJobs
from tests.fixtures.examples import FAILURE, NOW, TRANSCRIPT
from tests.integration.metadata.catalogue import INGESTED, asked, ingest, rows, transcribe


@pytest.fixture
async def lost_jobs(database: Database, object_store: ObjectStore, broker: Broker) -> ReconcileJobs:
    return ReconcileJobs(
        persist=PersistReports(database, lambda: NOW), store=object_store, queues=Queues(broker), grace_seconds=0
    )


@pytest.fixture
def bucket(database: Database, object_store: ObjectStore) -> ReconcileBucket:
    return ReconcileBucket(PersistReports(database, lambda: NOW), object_store)


async def announced(database: Database) -> list[TranscriptionRequested]:
    async with database.transaction() as connection:
        taken = await outbox.take(connection, 100)
        await outbox.remove(connection, [each.position for each in taken])
    requests = [each for each in taken if each.subject.startswith(subjects.TRANSCRIPTION_REQUESTED)]
    return [decode(TranscriptionRequested, each.payload) for each in requests]


async def status_of(database: Database, job: TranscriptionRequested) -> str:
    (row,) = await rows(database, "SELECT status FROM jobs WHERE job_id = %(job)s", {"job": job.job_id})
    return str(row["status"])


async def test_a_job_whose_message_is_gone_is_published_again_as_it_was_with_the_next_number(
    database: Database, lost_jobs: ReconcileJobs
) -> None:
    job = asked("lost")
    await ingest(database, job)
    assert await lost_jobs.reconcile_jobs() == 1
    assert await announced(database) == [replace(job, publication=1)]


async def test_a_job_whose_message_waits_is_let_be(
    database: Database, lost_jobs: ReconcileJobs, broker: Broker
) -> None:
    held, lost = asked("held"), asked("lost")
    for job in (held, lost):
        await ingest(database, job)
    await broker.publish(held)
    assert await lost_jobs.reconcile_jobs() == 1
    assert [job.job_id for job in await announced(database)] == [lost.job_id]


async def test_a_job_within_the_grace_or_ended_is_let_be(database: Database, lost_jobs: ReconcileJobs) -> None:
    await transcribe(database, asked("done"), "Done.")
    assert await lost_jobs.reconcile_jobs() == 0
    await ingest(database, asked("fresh"))
    assert await replace(lost_jobs, grace_seconds=60).reconcile_jobs() == 0
    assert await announced(database) == []


async def test_a_job_whose_outcome_stands_is_ended_by_it_without_being_done_again(
    database: Database, lost_jobs: ReconcileJobs, object_store: ObjectStore
) -> None:
    done, failed = asked("done"), asked("failed")
    ids: dict[str, Any]
    for job, outcome in ((done, TRANSCRIPT), (failed, FAILURE)):
        await ingest(database, job)
        ids = {"recording_id": job.recording_id, "job_id": job.job_id}
        object_store.put(job.outcome_key, encode(replace(outcome, **ids)))
    assert await lost_jobs.reconcile_jobs() == 2
    assert await announced(database) == []
    assert [await status_of(database, job) for job in (done, failed)] == ["completed", "failed"]


def put_facts(store: ObjectStore, job: TranscriptionRequested) -> None:
    key = identity.facts_key(job.tenant, job.sha256, INGESTED.source.source_id, job.job_id)
    facts = replace(INGESTED, tenant=job.tenant, recording_id=job.recording_id, first_job=job, facts_key=key)
    store.put(key, encode(facts))


async def test_a_catalogue_that_was_lost_is_made_again_from_the_bucket(
    database: Database, bucket: ReconcileBucket, lost_jobs: ReconcileJobs, object_store: ObjectStore
) -> None:
    done, waiting = asked("done"), asked("waiting", tenant="other")
    for job in (done, waiting):
        put_facts(object_store, job)
    ids: dict[str, Any] = {"recording_id": done.recording_id, "job_id": done.job_id}
    object_store.put(done.outcome_key, encode(replace(TRANSCRIPT, **ids)))
    assert await bucket.reconcile_bucket() == 3
    found = await rows(database, "SELECT tenant, status, sha256 FROM recordings ORDER BY tenant")
    assert [(row["tenant"], row["status"]) for row in found] == [("default", "transcribed"), ("other", "queued")]
    assert all(row["sha256"] for row in found)
    assert len(await rows(database, "SELECT FROM segments")) == 1
    assert await lost_jobs.reconcile_jobs() == 1
    assert await announced(database) == [replace(waiting, publication=1)]
    assert await bucket.reconcile_bucket() == 0, "what is known is not read again"


async def test_an_object_that_cannot_be_read_hides_no_other(
    database: Database, bucket: ReconcileBucket, object_store: ObjectStore
) -> None:
    job = asked("good")
    put_facts(object_store, job)
    object_store.put(identity.outcome_key("default", asked("bad").job_id), b"no outcome")
    object_store.put("default/facts/strange", b"?")
    object_store.put(".ai2text/other", b"nobody's")
    assert await bucket.reconcile_bucket() == 1
    assert await status_of(database, job) == "queued"
