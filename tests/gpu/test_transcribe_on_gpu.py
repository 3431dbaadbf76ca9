"""The same code on a GPU: run by hand where there is one, `pytest -s tests/gpu`; it prints a table of memory."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import ctranslate2
import pytest
from faster_whisper.audio import decode_audio

from ai2text.asr import gpu_memory
from ai2text.asr.batcher import Batcher
from ai2text.asr.draft import Draft
from ai2text.asr.hearing import Hearing
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
from ai2text.asr.stopwatch import Stopwatch
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Misconfigured, Refused
from tests.fixtures.examples import REQUESTED
from tests.fixtures.one_window import heard
from tests.fixtures.stack import EAR, SAMPLES

pytestmark = pytest.mark.skipif(ctranslate2.get_cuda_device_count() == 0, reason="there is no GPU")

HEARD = {name: facts["heard"] for name, facts in json.loads((EAR / "samples.json").read_text()).items()}
NAME = "01-the-weather-is-here.wav"
CYCLES = 20
GROWTH_MIB = 16
"""The driver hands out memory in pieces of 2 MiB; other programs must leave the GPU alone meanwhile."""


@pytest.fixture(scope="module")
def models() -> ModelPool:
    return ModelPool(AsrSettings(model="ear", model_paths={"ear": str(EAR / "model")}))


def use(models: ModelPool, model: str) -> str:
    with models.lease(model) as whisper:
        return heard(whisper, NAME)


def used_mib() -> int:
    return gpu_memory.used_bytes(0) >> 20


def test_a_gpu_is_taken_with_half_precision_when_there_is_one(models: ModelPool) -> None:
    engine = models.engine()
    assert (engine.device, engine.compute_type) == ("cuda", "float16")


def test_a_gpu_that_is_not_there_is_named() -> None:
    with pytest.raises(Misconfigured, match="AI2TEXT_ASR_DEVICE_INDEX is 99"):
        ModelPool(AsrSettings(device_index=99))


@pytest.mark.parametrize("name", [NAME, "06-lets-hope-its-nothing.wav"])
def test_samples_are_heard_on_the_gpu_as_on_the_cpu(models: ModelPool, name: str) -> None:
    job = replace(REQUESTED, options=TranscriptionOptions(language="en", temperature=(0.0,)))
    draft = Draft(engine=models.engine(), language="en")
    with models.lease("ear") as whisper, Batcher(models.budget, models.workers) as batcher:
        hearing = Hearing(job, whisper, batcher, draft, Stopwatch(), Event())
        list(hearing.hear([decode_audio(str(SAMPLES / name))]))
    assert "".join(segment.text for segment in draft.segments).strip() == HEARD[name]


@pytest.mark.lesson("L27")
def test_l27_the_gpus_memory_after_many_cycles_is_that_after_one(models: ModelPool) -> None:
    """Loaded, used, failed, unloaded."""
    table = [cycle(models) for _ in range(CYCLES)]
    rows = [f"{number:5}  {used:13}  {left:16}" for number, (used, left) in enumerate(table, 1)]
    sys.stdout.write("\n".join(["cycle  after_use_MiB  after_unload_MiB", *rows, ""]))
    assert max(used for used, _ in table[1:]) - table[0][0] <= GROWTH_MIB
    assert max(left for _, left in table[1:]) - table[0][1] <= GROWTH_MIB


def cycle(models: ModelPool) -> tuple[int, int]:
    """MiB in use with the model loaded, and after it was unloaded."""
    use(models, "ear")
    used = used_mib()
    with pytest.raises(Refused), models.lease("no-such-model"):
        pass
    with pytest.raises(ZeroDivisionError), models.lease("ear"):
        1 / 0  # noqa: B018
    assert models.unload("ear")
    return used, used_mib()


@pytest.mark.lesson("L29")
def test_l29_a_second_model_takes_the_place_of_the_first(tmp_path: Path) -> None:
    shutil.copytree(EAR / "model", tmp_path / "other")
    paths = {"ear": str(EAR / "model"), "other": str(tmp_path / "other")}
    pool = ModelPool(AsrSettings(model_paths=paths, model_memory_bytes=16 << 20))
    use(pool, "ear")
    first = used_mib()
    use(pool, "other")
    assert [facts["name"] for facts in pool.facts()] == ["other"]
    assert used_mib() - first <= GROWTH_MIB
    pool.unload_all()
