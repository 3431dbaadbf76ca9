"""A worker whose job is called off: the real broker, store, sandbox and model."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from ai2text.asr.cancellations import Cancellations
from ai2text.asr.draft import LONG_SECONDS, Draft
from ai2text.common import subjects
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.identity import draft_key
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.transcription import TranscriptionCancelled, TranscriptionRequested
from tests.fixtures.examples import CANCELLATION, EVENTS, TRANSCRIPT
from tests.fixtures.stack import SAMPLES
from tests.integration.asr.worker import Worker, kinds

CANCELLED = EVENTS["transcription.cancelled.v1"]
assert isinstance(CANCELLED, TranscriptionCancelled)
SECONDS = 60
STARTED_AND_CANCELLED = ["TranscriptionStarted", "TranscriptionCancelled"]


def long_job(worker: Worker) -> TranscriptionRequested:
    job = worker.job_for((SAMPLES / "long-two-minutes.flac").read_bytes())
    return replace(job, duration_seconds=LONG_SECONDS)


def leave_draft(worker: Worker, job: TranscriptionRequested) -> str:
    """As another worker with another device would."""
    worker.store.put(key := draft_key(job.tenant, job.job_id), encode(Draft(engine=TRANSCRIPT.engine)))
    return key


def write_cancellation(worker: Worker, job: TranscriptionRequested) -> None:
    assert worker.store.put_first(job.outcome_key, encode(CANCELLATION))


async def until_started(worker: Worker) -> None:
    async with asyncio.timeout(SECONDS):
        while not await worker.said():
            await asyncio.sleep(0.02)


@pytest.mark.lesson("L34")
async def test_l34_a_job_that_was_cancelled_while_it_waited_is_not_worked_on(worker: Worker) -> None:
    job = long_job(worker)
    write_cancellation(worker, job)
    draft = leave_draft(worker, job)
    await worker.use_case.transcribe_recording(job, attempt=1)
    assert kinds(await worker.said()) == ["TranscriptionCancelled"]
    assert not worker.store.exists(draft)


@pytest.mark.lesson("L34")
async def test_l34_a_job_that_is_cancelled_while_it_is_decoded_stops(worker: Worker) -> None:
    await worker.cancellations.subscribe(worker.broker)
    job = long_job(worker)
    draft = leave_draft(worker, job)
    with capture_logs() as logs:
        working = asyncio.create_task(worker.use_case.transcribe_recording(job, attempt=1))
        await until_started(worker)
        write_cancellation(worker, job)
        await worker.broker.publish(CANCELLED)
        await working
    events = [entry["event"] for entry in logs]
    assert "job_abandoned" in events
    assert "recording_decoded" not in events
    assert worker.outcome(job) == CANCELLATION
    assert kinds(await worker.said()) == STARTED_AND_CANCELLED, "told once"
    assert not worker.store.exists(draft)


async def test_a_worker_that_did_not_hear_of_it_finds_the_cancellation_when_it_wants_to_write(worker: Worker) -> None:
    job = long_job(worker)
    working = asyncio.create_task(worker.use_case.transcribe_recording(job, attempt=1))
    await until_started(worker)
    write_cancellation(worker, job)
    await working
    assert worker.outcome(job) == CANCELLATION
    assert kinds(await worker.said()) == STARTED_AND_CANCELLED


async def test_the_cancellation_of_another_job_and_one_that_cannot_be_read_stop_nothing(worker: Worker) -> None:
    await worker.cancellations.subscribe(worker.broker)
    job = long_job(worker)
    working = asyncio.create_task(worker.use_case.transcribe_recording(job, attempt=1))
    await until_started(worker)
    await worker.broker.client.publish(subjects.TRANSCRIPTION_CANCELLED, b"no JSON")
    worker.cancellations.cancel("another")
    await working
    assert isinstance(worker.outcome(job), Transcript)


async def test_giving_up_a_job_that_was_cancelled_leaves_it_cancelled(worker: Worker) -> None:
    job = long_job(worker)
    write_cancellation(worker, job)
    await worker.use_case.give_up(job, Reason(code="delivery_budget_spent", detail="Five deliveries."), 6)
    assert kinds(await worker.said()) == ["TranscriptionCancelled"]


def test_each_delivery_of_a_job_is_told_and_none_afterwards() -> None:
    cancellations = Cancellations()
    with cancellations.heeded("job") as first, cancellations.heeded("job") as second:
        cancellations.cancel("job")
        assert first.is_set()
        assert second.is_set()
    with cancellations.heeded("job") as again:
        assert not again.is_set()
