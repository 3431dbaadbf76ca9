"""A job that was called off leaves nothing beside its file, and nobody waits for it any longer."""

import asyncio
from dataclasses import replace
from typing import Any

from ai2text.common import subjects
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.outcome import Cancellation
from ai2text.common.contracts.states import Task
from ai2text.common.contracts.transcription import TranscriptionCancelled, TranscriptionRequested
from ai2text.common.jetstream import connect
from ai2text.ingestion.ledger import Ledger, Stage
from tests.fixtures.examples import CANCELLATION, EVENTS
from tests.fixtures.ingestion_service import IngestionService


def write_cancellation(service: IngestionService, job: TranscriptionRequested) -> None:
    ids: dict[str, Any] = {"recording_id": job.recording_id, "job_id": job.job_id}
    outcome: Cancellation = replace(CANCELLATION, **ids)
    assert service.store.put_first(job.outcome_key, encode(outcome))


async def tell(service: IngestionService, job: TranscriptionRequested) -> None:
    example = EVENTS[subjects.TRANSCRIPTION_CANCELLED]
    assert isinstance(example, TranscriptionCancelled)
    ids: dict[str, Any] = {
        "recording_id": job.recording_id,
        "job_id": job.job_id,
        "outcome_key": job.outcome_key,
    }
    async with connect(service.servers.nats, "test") as broker:
        await broker.publish(replace(example, **ids))


def stage(service: IngestionService, name: str) -> Stage:
    ledger = Ledger(service.state / "inbox.sqlite3")
    try:
        entry = ledger.get(name)
    finally:
        ledger.close()
    assert entry is not None
    return entry.stage


def test_a_cancelled_job_leaves_no_sidecar_and_one_that_is_done_later_brings_them(service: IngestionService) -> None:
    service.drop("talk.wav")
    service.until_ingested(1)
    (job,) = service.requested()
    write_cancellation(service, job)
    asyncio.run(tell(service, job))
    service.until(lambda: stage(service, "talk.wav") is Stage.CANCELLED)
    assert [path.name for path in service.inbox.iterdir()] == ["talk.wav"]
    again = identity.job_id(job.recording_id, job.model, job.task, job.options, generation=1)
    rerun = replace(job, job_id=again, generation=1, outcome_key=identity.outcome_key("default", again))
    service.transcribe(rerun)
    service.until(lambda: stage(service, "talk.wav") is Stage.DONE)
    assert sorted(path.name for path in service.inbox.iterdir()) == ["talk.srt", "talk.txt", "talk.wav"]


def test_a_translation_is_no_sidecar_of_what_was_said(service: IngestionService) -> None:
    service.drop("talk.wav")
    service.until_ingested(1)
    (job,) = service.requested()
    other = identity.job_id(job.recording_id, job.model, Task.TRANSLATE, job.options, generation=0)
    key = identity.outcome_key("default", other)
    service.transcribe(replace(job, job_id=other, task=Task.TRANSLATE, outcome_key=key))
    write_cancellation(service, job)
    asyncio.run(tell(service, job))
    service.until(lambda: stage(service, "talk.wav") is Stage.CANCELLED)
    assert [path.name for path in service.inbox.iterdir()] == ["talk.wav"]


def test_a_cancellation_whose_word_was_lost_is_found_by_the_comparison(service: IngestionService) -> None:
    service.drop("talk.wav")
    service.until_ingested(1)
    (job,) = service.requested()
    write_cancellation(service, job)
    service.until(lambda: stage(service, "talk.wav") is Stage.CANCELLED)


def test_what_is_transcribed_stays_so_when_a_rerun_is_cancelled(service: IngestionService) -> None:
    service.drop("talk.wav")
    service.until_ingested(1)
    (job,) = service.requested()
    service.transcribe(job)
    service.until(lambda: stage(service, "talk.wav") is Stage.DONE)
    again = identity.job_id(job.recording_id, job.model, job.task, job.options, generation=1)
    rerun = replace(job, job_id=again, outcome_key=identity.outcome_key("default", again))
    write_cancellation(service, rerun)
    asyncio.run(tell(service, rerun))
    service.until(lambda: len(service.logged("sidecars_written")) == 2)
    assert stage(service, "talk.wav") is Stage.DONE
    assert (service.inbox / "talk.txt").exists()
