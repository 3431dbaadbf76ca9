"""The same code on a GPU: run by hand where there is one, `pytest tests/gpu`."""

import json

import ctranslate2
import pytest

from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
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
    segments, _ = models.get("ear").transcribe(str(SAMPLES / name), temperature=[0.0], vad_filter=True)
    assert "".join(segment.text for segment in segments).strip() == HEARD[name]
