"""The worker's use case, from a job to its outcome and its announcement."""

from dataclasses import replace

import pytest

from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.outcome import Failure, Transcript
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import Task
from tests.fixtures.examples import TRANSCRIPT
from tests.fixtures.stack import SAMPLES
from tests.integration.asr.worker import GREEDY, Worker, kinds


async def test_a_recording_becomes_one_transcript_that_is_announced(worker: Worker) -> None:
    job = worker.job_for((SAMPLES / "01-the-weather-is-here.wav").read_bytes())
    outcome = await worker.transcribe(job)
    assert isinstance(outcome, Transcript)
    assert outcome.text == "The weather is here I wish you were beautiful."
    assert outcome.engine.device in {"cpu", "cuda"}
    assert len(outcome.model_revision or "") == 40
    assert [word.text.strip() for word in outcome.segments[0].words][:2] == ["The", "weather"]
    assert kinds(await worker.said()) == ["TranscriptionStarted", "RecordingTranscribed"]


async def test_an_outcome_that_stands_is_announced_again_and_not_worked_on(worker: Worker) -> None:
    job = worker.job_for(b"not even audio")
    worker.store.put(job.outcome_key, encode(TRANSCRIPT))
    await worker.use_case.transcribe_recording(job, attempt=2)
    assert worker.outcome(job) == TRANSCRIPT
    assert kinds(await worker.said()) == ["RecordingTranscribed"]


@pytest.mark.lesson("L20")
@pytest.mark.parametrize("name", ["silence.wav", "noise.wav"])
async def test_l20_audio_without_speech_is_an_ordinary_transcript(worker: Worker, name: str) -> None:
    job = worker.job_for((SAMPLES / name).read_bytes())
    outcome = await worker.transcribe(job)
    assert isinstance(outcome, Transcript)
    assert (outcome.text, outcome.segments) == ("", ())


@pytest.mark.lesson("L28")
async def test_l28_audio_that_cannot_be_decoded_is_a_failed_outcome_with_its_reason(worker: Worker) -> None:
    job = worker.job_for(b"This is no audio at all. " * 100)
    outcome = await worker.transcribe(job)
    assert isinstance(outcome, Failure)
    assert outcome.reason.code == "not_audio"
    assert kinds(await worker.said()) == ["TranscriptionStarted", "TranscriptionFailed"]


async def test_an_unknown_model_is_a_failed_outcome_that_names_it(worker: Worker) -> None:
    job = worker.job_for((SAMPLES / "silence.wav").read_bytes(), model="no-such-size")
    outcome = await worker.transcribe(job)
    assert isinstance(outcome, Failure)
    assert outcome.reason.code == "unknown_model"
    assert "no-such-size" in outcome.reason.detail


async def test_a_language_that_the_model_does_not_know_is_a_failed_outcome(worker: Worker) -> None:
    job = worker.job_for((SAMPLES / "silence.wav").read_bytes())
    job = replace(job, options=replace(GREEDY, language="de"))
    outcome = await worker.transcribe(job)
    assert isinstance(outcome, Failure)
    assert outcome.reason.code == "unknown_language"


async def test_a_model_that_cannot_translate_says_so_and_does_not_pass_what_it_hears_off_as_a_translation(
    worker: Worker,
) -> None:
    job = worker.job_for((SAMPLES / "01-the-weather-is-here.wav").read_bytes())
    outcome = await worker.transcribe(replace(job, task=Task.TRANSLATE))
    assert isinstance(outcome, Failure)
    assert outcome.reason.code == "cannot_translate"
    assert "large-v3" in outcome.reason.detail


async def test_a_job_that_is_given_up_gets_its_failed_outcome(worker: Worker) -> None:
    job = worker.job_for(b"x")
    await worker.use_case.give_up(job, Reason(code="delivery_budget_spent", detail="Five deliveries."), 6)
    outcome = worker.outcome(job)
    assert isinstance(outcome, Failure)
    assert outcome.attempts == 6
    assert kinds(await worker.said()) == ["TranscriptionFailed"]


async def test_giving_up_does_not_overrule_a_transcript_that_stands(worker: Worker) -> None:
    job = worker.job_for(b"x")
    worker.store.put(job.outcome_key, encode(TRANSCRIPT))
    await worker.use_case.give_up(job, Reason(code="delivery_budget_spent", detail="Five deliveries."), 6)
    assert worker.outcome(job) == TRANSCRIPT
    assert kinds(await worker.said()) == ["RecordingTranscribed"]


@pytest.mark.lesson("L17")
async def test_l17_a_temperature_of_zero_survives(worker: Worker) -> None:
    job = worker.job_for((SAMPLES / "04-a-throw-him-a.ogg").read_bytes())
    outcome = await worker.transcribe(job)
    assert isinstance(outcome, Transcript)
    assert outcome.options.temperature == (0.0,)
    assert {segment.temperature for segment in outcome.segments} == {0.0}
