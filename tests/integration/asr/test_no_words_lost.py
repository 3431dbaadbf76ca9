"""The safety of batched decoding, beside faster-whisper's own on the same recordings and model."""

from pathlib import Path

import pytest
from faster_whisper import BatchedInferencePipeline, WhisperModel

from ai2text.common.contracts.outcome import Transcript
from tests.fixtures.speech import talk
from tests.fixtures.stack import EAR
from tests.fixtures.word_errors import word_errors
from tests.integration.asr.worker import Worker


@pytest.fixture(scope="module")
def batched() -> BatchedInferencePipeline:
    model = WhisperModel(str(EAR / "model"), device="cpu", compute_type="int8", cpu_threads=2)
    return BatchedInferencePipeline(model)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [5, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 7, 8))])
async def test_words_that_plain_batched_decoding_loses_are_heard(
    worker: Worker, batched: BatchedInferencePipeline, tmp_path: Path, seed: int
) -> None:
    said = talk(tmp_path / "talk.wav", 75, seed)
    plain, _ = batched.transcribe(str(said.path), language="en", temperature=[0.0], word_timestamps=True)
    lost = word_errors(said.text, "".join(segment.text for segment in plain)).lost
    transcript = await worker.transcribe(worker.job_for(said.path.read_bytes()))
    assert isinstance(transcript, Transcript)
    assert lost >= 9
    assert word_errors(said.text, transcript.text).lost <= lost / 2
