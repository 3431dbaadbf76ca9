"""Jobs are called off over the inside API; whatever else happens at the same time, what stands first stays."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ai2text.common.contracts.codec import decode_outcome, encode
from ai2text.common.contracts.outcome import Cancellation, Failure, Outcome, Transcript
from ai2text.common.contracts.states import JOB_ENDS, JobStatus
from ai2text.common.contracts.transcription import TranscriptionRequested, TranscriptionStarted
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.persist_reports import PersistReports, read_outcome
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.queues import Queues
from ai2text.metadata.reconcile_bucket import ReconcileBucket
from ai2text.metadata.reconcile_jobs import ReconcileJobs
from tests.fixtures.examples import EVENTS, FAILURE, NOW, TRANSCRIPT
from tests.integration.metadata.catalogue import asked, fail, ingest, persisted, rows, transcribe
from tests.integration.metadata.inside import Inside

STARTED = EVENTS["transcription.started.v1"]
assert isinstance(STARTED, TranscriptionStarted)
KINDS: dict[type[Outcome], JobStatus] = {
    Transcript: JobStatus.COMPLETED,
    Failure: JobStatus.FAILED,
    Cancellation: JobStatus.CANCELLED,
}
RECORDING_OF = {
    JobStatus.QUEUED: "queued",
    JobStatus.RUNNING: "transcribing",
    JobStatus.COMPLETED: "transcribed",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
}
RANK = {JobStatus.QUEUED: 0, JobStatus.RUNNING: 1, **dict.fromkeys(JOB_ENDS, 2)}


def of(job: TranscriptionRequested, report: Any) -> Any:
    ids = {"tenant": job.tenant, "recording_id": job.recording_id, "job_id": job.job_id, "generation": job.generation}
    return replace(report, **ids)


async def cancel(inside: Inside, job: TranscriptionRequested, tenant: str = "default") -> tuple[int, dict[str, Any]]:
    answer = await inside.ask("DELETE", f"/v1/jobs/{job.job_id}", tenant=tenant)
    return answer.status_code, answer.json()


async def states(database: Database, job: TranscriptionRequested) -> tuple[str, str]:
    """Of the job and of its recording."""
    (row,) = await rows(
        database,
        "SELECT j.status AS job, r.status AS recording FROM jobs j JOIN recordings r USING (recording_id) "
        "WHERE job_id = %(job)s",
        {"job": job.job_id},
    )
    return row["job"], row["recording"]


async def announced(database: Database) -> list[str]:
    found = await rows(database, "SELECT message_id FROM outbox WHERE subject = 'transcription.cancelled.v1'")
    return [row["message_id"] for row in found]


def standing(store: ObjectStore, job: TranscriptionRequested) -> Outcome:
    return decode_outcome(store.get(job.outcome_key))


@pytest.mark.lesson("L34")
@pytest.mark.parametrize("running", [False, True])
async def test_l34_a_job_that_waits_or_runs_is_cancelled_and_its_recording_with_it(
    database: Database,
    inside: Inside,
    object_store: ObjectStore,
    running: bool,  # noqa: FBT001
) -> None:
    job = asked("talk")
    await ingest(database, job)
    if running:
        await persisted(database, of(job, STARTED))
    for _ in range(2):
        status, shown = await cancel(inside, job)
        assert (status, shown["status"], shown["error"]) == (200, "cancelled", None)
        assert shown["finished_at"]
    assert await states(database, job) == ("cancelled", "cancelled")
    assert isinstance(standing(object_store, job), Cancellation)
    assert await announced(database) == [f"transcription.cancelled.v1/{job.job_id}"], "once, however often it is asked"


@pytest.mark.parametrize(("outcome", "status"), [(TRANSCRIPT, "completed"), (FAILURE, "failed")])
async def test_what_stands_already_stays_and_the_catalogue_learns_it(
    database: Database, inside: Inside, object_store: ObjectStore, outcome: Transcript | Failure, status: str
) -> None:
    job = asked("talk")
    await ingest(database, job)
    object_store.put(job.outcome_key, encode(of(job, outcome)))
    code, problem = await cancel(inside, job)
    assert (code, problem["status"]) == (409, 409)
    assert status in problem["detail"]
    assert (await states(database, job))[0] == status
    assert await announced(database) == []


@pytest.mark.parametrize("end", [fail, lambda database, job: transcribe(database, job, "Done.")])
async def test_a_job_that_the_catalogue_knows_to_have_ended_is_a_409_although_its_outcome_was_removed(
    database: Database, inside: Inside, object_store: ObjectStore, end: Callable[..., Awaitable[None]]
) -> None:
    job = asked("talk")
    await ingest(database, job)
    await end(database, job)
    before = await states(database, job)
    assert (await cancel(inside, job))[0] == 409
    assert await states(database, job) == before
    assert not object_store.exists(job.outcome_key)


async def test_a_cancelled_rerun_leaves_the_recording_transcribed_and_a_cancelled_one_may_be_asked_again(
    database: Database, inside: Inside
) -> None:
    job, rerun = asked("talk"), asked("talk", generation=1)
    await transcribe(database, job, "Good morning.")
    await ingest(database, rerun)
    assert (await cancel(inside, rerun))[0] == 200
    assert await states(database, rerun) == ("cancelled", "transcribed")
    body = {"recording_id": job.recording_id, "model": job.model, "options": {"initial_prompt": "AI2Text"}}
    again = await inside.ask("POST", "/v1/jobs", {**body, "rerun": True})
    assert again.json()["status"] == "queued"


async def test_an_unknown_job_and_another_tenants_are_a_404_and_nothing_is_written(
    database: Database, inside: Inside, object_store: ObjectStore
) -> None:
    job = asked("talk")
    await ingest(database, job)
    assert (await cancel(inside, job, tenant="stranger"))[0] == 404
    assert (await cancel(inside, replace(job, job_id=str(uuid4()))))[0] == 404
    assert list(object_store.list("default/")) == []
    assert await states(database, job) == ("queued", "queued")


async def test_a_cancellation_that_stands_and_is_not_known_yet_is_learnt_and_announced_when_it_is_asked_again(
    database: Database, inside: Inside, object_store: ObjectStore
) -> None:
    """As when the service dies between outcome and row."""
    job = asked("talk")
    await ingest(database, job)
    cancellation = of(job, Cancellation(tenant="", recording_id="", job_id="", generation=0, cancelled_at=NOW))
    object_store.put(job.outcome_key, encode(cancellation))
    status, shown = await cancel(inside, job)
    assert (status, shown["status"]) == (200, "cancelled")
    assert len(await announced(database)) == 1


async def test_a_cancellation_that_the_catalogue_did_not_learn_is_found_and_announced_by_the_reconciler(
    database: Database, object_store: ObjectStore, broker: Broker
) -> None:
    job, other = asked("talk"), asked("other", tenant="other")
    for one in (job, other):
        await ingest(database, one)
        cancellation = of(one, Cancellation(tenant="", recording_id="", job_id="", generation=0, cancelled_at=NOW))
        object_store.put(one.outcome_key, encode(cancellation))
    persist = PersistReports(database, lambda: NOW)
    lost = ReconcileJobs(persist=persist, store=object_store, queues=Queues(broker), grace_seconds=0)
    assert await lost.reconcile_jobs() == 2
    assert await lost.reconcile_jobs() == 0
    assert await states(database, job) == ("cancelled", "cancelled")
    assert len(await announced(database)) == 2


async def test_a_catalogue_that_was_lost_finds_its_cancellations_in_the_bucket(
    database: Database, inside: Inside, object_store: ObjectStore
) -> None:
    job = asked("talk")
    cancellation = of(job, Cancellation(tenant="", recording_id="", job_id="", generation=0, cancelled_at=NOW))
    object_store.put(job.outcome_key, encode(cancellation))
    await ReconcileBucket(PersistReports(database, lambda: NOW), object_store).reconcile_bucket()
    assert await states(database, job) == ("cancelled", "cancelled")
    assert (await cancel(inside, job))[0] == 200


@dataclass
class Race:
    """One job, and those who do something about it; each step is what one of them does without being interrupted."""

    job: TranscriptionRequested
    database: Database
    inside: Inside
    store: ObjectStore

    async def step(self, name: str) -> None:
        await getattr(self, name)()

    async def ingest(self) -> None:
        await ingest(self.database, self.job)

    async def start(self) -> None:
        await persisted(self.database, of(self.job, STARTED))

    async def complete(self) -> None:
        await self._fence(replace(of(self.job, TRANSCRIPT), duration_seconds=self.job.duration_seconds))

    async def fail(self) -> None:
        await self._fence(of(self.job, FAILURE))

    async def cancel(self) -> None:
        code, said = await cancel(self.inside, self.job)
        if await self.seen() is None:
            assert code == 404, said
            return
        stands = KINDS[type(standing(self.store, self.job))]
        assert code == {JobStatus.CANCELLED: 200, JobStatus.COMPLETED: 409, JobStatus.FAILED: 409}[stands], said

    async def announce(self) -> None:
        """By a worker that got the request again, or by a stream that says it once more."""
        if self.store.exists(self.job.outcome_key):
            report = await asyncio.to_thread(read_outcome, self.store, self.job.outcome_key)
            await persisted(self.database, report)

    async def _fence(self, outcome: Transcript | Failure) -> None:
        """A worker's last steps but one: it may die before it says so."""
        await asyncio.to_thread(self.store.put_first, self.job.outcome_key, encode(outcome))

    async def seen(self) -> str | None:
        found = await rows(self.database, "SELECT status FROM jobs WHERE job_id = %(job)s", {"job": self.job.job_id})
        return found[0]["status"] if found else None

    async def check_the_end(self) -> None:
        """After all that was still to be told has been told."""
        await self.ingest()
        await self.announce()
        objects = [found.key for found in self.store.list(f"{self.job.tenant}/outcomes/{self.job.job_id}")]
        assert len(objects) <= 1
        ends = KINDS[type(standing(self.store, self.job))] if objects else None
        status, recording = await states(self.database, self.job)
        assert status == ends or (ends is None and status in {JobStatus.QUEUED, JobStatus.RUNNING})
        assert recording == RECORDING_OF[JobStatus(status)]
        transcripts = await rows(
            self.database, "SELECT FROM transcripts WHERE job_id = %(job)s", {"job": self.job.job_id}
        )
        assert len(transcripts) == (1 if ends is JobStatus.COMPLETED else 0)
        told = Counter(message for message in await announced(self.database) if self.job.job_id in message)
        assert set(told.values()) <= {1}
        assert bool(told) <= (ends is JobStatus.CANCELLED)


STEPS = ("ingest", "start", "complete", "fail", "cancel", "announce")
in_one_database = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])


@in_one_database
@given(st.lists(st.sampled_from(STEPS), max_size=9))
@example(["ingest", "complete", "cancel"])
@example(["start", "cancel", "ingest", "cancel"])
@example(["ingest", "cancel", "start", "complete", "announce", "fail", "announce"])
async def test_in_whatever_order_it_happens_no_state_goes_backwards_and_the_first_outcome_stays(
    database: Database, inside: Inside, object_store: ObjectStore, steps: list[str]
) -> None:
    race = Race(asked(str(uuid4())), database, inside, object_store)
    before: str | None = None
    for step in steps:
        await race.step(step)
        now = await race.seen()
        if before is not None:
            assert now is not None
            assert RANK[JobStatus(before)] <= RANK[JobStatus(now)]
            assert now == before or JobStatus(before) not in JOB_ENDS
        before = now
    await race.check_the_end()


@pytest.mark.slow
@in_one_database
@given(st.lists(st.sampled_from(STEPS[1:]), min_size=2, max_size=6))
async def test_those_who_do_it_at_the_same_time_agree_on_one_outcome(
    database: Database, inside: Inside, object_store: ObjectStore, steps: list[str]
) -> None:
    race = Race(asked(str(uuid4())), database, inside, object_store)
    await race.ingest()
    await asyncio.gather(*(race.step(step) for step in steps))
    await race.check_the_end()
