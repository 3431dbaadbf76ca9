"""The same code on a GPU: run by hand where there is one, `pytest tests/gpu`."""

import json
from dataclasses import replace
from threading import Event

import ctranslate2
import pytest
from faster_whisper.audio import decode_audio

from ai2text.asr.batcher import Batcher
from ai2text.asr.draft import Draft
from ai2text.asr.hearing import Hearing
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
from ai2text.asr.stopwatch import Stopwatch
from ai2text.common.contracts.transcription import TranscriptionOptions
from tests.fixtures.examples import REQUESTED
from tests.fixtures.stack import EAR, SAMPLES

pytestmark = pytest.mark.skipif(ctranslate2.get_cuda_device_count() == 0, reason="there is no GPU")

HEARD = {name: facts["heard"] for name, facts in json.loads((EAR / "samples.json").read_text()).items()}


@pytest.fixture(scope="module")
def models() -> ModelPool:
    return ModelPool(AsrSettings(model="ear", model_paths={"ear": str(EAR / "model")}))


def test_a_gpu_is_taken_with_half_precision_when_there_is_one(models: ModelPool) -> None:
    assert (models.device, models.compute_type) == ("cuda", "float16")


@pytest.mark.parametrize("name", ["01-the-weather-is-here.wav", "06-lets-hope-its-nothing.wav"])
def test_samples_are_heard_on_the_gpu_as_on_the_cpu(models: ModelPool, name: str) -> None:
    job = replace(REQUESTED, options=TranscriptionOptions(language="en", temperature=(0.0,)))
    draft = Draft(engine=models.engine(), language="en")
    with Batcher(models.budget, models.workers) as batcher:
        hearing = Hearing(job, models.get("ear"), batcher, draft, Stopwatch(), Event())
        list(hearing.hear([decode_audio(str(SAMPLES / name))]))
    assert "".join(segment.text for segment in draft.segments).strip() == HEARD[name]
