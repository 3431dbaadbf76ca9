"""The worker's use case with the real broker, store, sandbox and model."""

import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ai2text.asr.batcher import Batcher
from ai2text.asr.decode_recording import Decoder
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
from ai2text.asr.transcribe_recording import TranscribeRecording
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common import subjects
from ai2text.common.clock import utc_now
from ai2text.common.contracts.codec import decode, decode_outcome, encode
from ai2text.common.contracts.outcome import Failure, Transcript
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.transcription import TranscriptionOptions, TranscriptionRequested
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from tests.fixtures.examples import REQUESTED, TRANSCRIPT
from tests.fixtures.stack import EAR, SAMPLES

GREEDY = TranscriptionOptions(temperature=(0.0,))


@pytest.fixture(scope="module")
def models() -> ModelPool:
    return ModelPool(AsrSettings(model="ear", model_paths={"ear": str(EAR / "model")}))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(children=1)) as opened:
        yield opened


@dataclass
class Bench:
    """A worker, and what it said."""

    worker: TranscribeRecording
    broker: Broker
    store: ObjectStore

    def job_for(self, content: bytes, model: str = "ear") -> TranscriptionRequested:
        sha256 = hashlib.sha256(content).hexdigest()
        key = f"default/audio/{sha256}"
        self.store.put_verified(key, io.BytesIO(content), len(content), sha256, "audio/x")
        return replace(REQUESTED, audio_key=key, sha256=sha256, size_bytes=len(content), model=model, options=GREEDY)

    async def said(self) -> list[subjects.Event]:
        """The announcements, in order."""
        count = (await self.broker.jetstream.stream_info(subjects.EVENTS)).state.messages
        raw = [await self.broker.jetstream.get_msg(subjects.EVENTS, seq) for seq in range(1, count + 1)]
        return [_event(message) for message in raw]

    def outcome(self, job: TranscriptionRequested) -> Transcript | Failure:
        return decode_outcome(self.store.get(job.outcome_key))


def _event(message: Any) -> subjects.Event:
    contract = subjects.contract_of(message.subject)
    assert contract is not None
    return decode(contract, message.data)


@pytest.fixture(scope="module")
def batcher(models: ModelPool) -> Iterator[Batcher]:
    with Batcher(models.budget, models.workers) as opened:
        yield opened


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as opened:
        yield opened


@pytest.fixture
async def bench(
    broker: Broker,
    object_store: ObjectStore,
    sandbox: Sandbox,
    models: ModelPool,
    batcher: Batcher,
    threads: ThreadPoolExecutor,
) -> Bench:
    decoder = Decoder(object_store, sandbox, models, batcher, utc_now)
    return Bench(TranscribeRecording(broker, object_store, decoder, threads, "test/1", utc_now), broker, object_store)


def kinds(events: list[subjects.Event]) -> list[str]:
    return [type(event).__name__ for event in events]


async def test_a_recording_becomes_one_transcript_that_is_announced(bench: Bench) -> None:
    job = bench.job_for((SAMPLES / "01-the-weather-is-here.wav").read_bytes())
    await bench.worker.transcribe_recording(job, attempt=1)
    outcome = bench.outcome(job)
    assert isinstance(outcome, Transcript)
    assert outcome.text == "The weather is here I wish you were beautiful."
    assert outcome.engine.device in {"cpu", "cuda"}
    assert [word.text.strip() for word in outcome.segments[0].words][:2] == ["The", "weather"]
    assert kinds(await bench.said()) == ["TranscriptionStarted", "RecordingTranscribed"]


async def test_an_outcome_that_stands_is_announced_again_and_not_worked_on(bench: Bench) -> None:
    job = bench.job_for(b"not even audio")
    bench.store.put(job.outcome_key, encode(TRANSCRIPT))
    await bench.worker.transcribe_recording(job, attempt=2)
    assert bench.outcome(job) == TRANSCRIPT
    assert kinds(await bench.said()) == ["RecordingTranscribed"]


@pytest.mark.lesson("L20")
@pytest.mark.parametrize("name", ["silence.wav", "noise.wav"])
async def test_l20_audio_without_speech_is_an_ordinary_transcript(bench: Bench, name: str) -> None:
    job = bench.job_for((SAMPLES / name).read_bytes())
    await bench.worker.transcribe_recording(job, attempt=1)
    outcome = bench.outcome(job)
    assert isinstance(outcome, Transcript)
    assert (outcome.text, outcome.segments) == ("", ())


@pytest.mark.lesson("L28")
async def test_l28_audio_that_cannot_be_decoded_is_a_failed_outcome_with_its_reason(bench: Bench) -> None:
    job = bench.job_for(b"This is no audio at all. " * 100)
    await bench.worker.transcribe_recording(job, attempt=1)
    outcome = bench.outcome(job)
    assert isinstance(outcome, Failure)
    assert outcome.reason.code == "not_audio"
    assert kinds(await bench.said()) == ["TranscriptionStarted", "TranscriptionFailed"]


async def test_an_unknown_model_is_a_failed_outcome_that_names_it(bench: Bench) -> None:
    job = bench.job_for((SAMPLES / "silence.wav").read_bytes(), model="no-such-size")
    await bench.worker.transcribe_recording(job, attempt=1)
    outcome = bench.outcome(job)
    assert isinstance(outcome, Failure)
    assert outcome.reason.code == "unknown_model"
    assert "no-such-size" in outcome.reason.detail


async def test_a_language_that_the_model_does_not_know_is_a_failed_outcome(bench: Bench) -> None:
    job = bench.job_for((SAMPLES / "silence.wav").read_bytes())
    job = replace(job, options=replace(GREEDY, language="de"))
    await bench.worker.transcribe_recording(job, attempt=1)
    outcome = bench.outcome(job)
    assert isinstance(outcome, Failure)
    assert outcome.reason.code == "unknown_language"


async def test_a_job_that_is_given_up_gets_its_failed_outcome(bench: Bench) -> None:
    job = bench.job_for(b"x")
    await bench.worker.give_up(job, Reason(code="delivery_budget_spent", detail="Five deliveries."), 6)
    outcome = bench.outcome(job)
    assert isinstance(outcome, Failure)
    assert outcome.attempts == 6
    assert kinds(await bench.said()) == ["TranscriptionFailed"]


async def test_giving_up_does_not_overrule_a_transcript_that_stands(bench: Bench) -> None:
    job = bench.job_for(b"x")
    bench.store.put(job.outcome_key, encode(TRANSCRIPT))
    await bench.worker.give_up(job, Reason(code="delivery_budget_spent", detail="Five deliveries."), 6)
    assert bench.outcome(job) == TRANSCRIPT
    assert kinds(await bench.said()) == ["RecordingTranscribed"]


@pytest.mark.lesson("L17")
async def test_l17_a_temperature_of_zero_survives(bench: Bench) -> None:
    job = bench.job_for((SAMPLES / "04-a-throw-him-a.ogg").read_bytes())
    await bench.worker.transcribe_recording(job, attempt=1)
    outcome = bench.outcome(job)
    assert isinstance(outcome, Transcript)
    assert outcome.options.temperature == (0.0,)
    assert {segment.temperature for segment in outcome.segments} == {0.0}
