import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Self

import numpy as np
import pytest
from faster_whisper import WhisperModel
from prometheus_client import REGISTRY

from ai2text.asr.batcher import BULK_TURN, CPU_BUDGET, GPU_BUDGET, Batcher, Budget
from ai2text.asr.whisper import Whisper, window_length
from ai2text.asr.window import Hypothesis, Manner, Window
from ai2text.common.contracts.states import Task
from tests.fixtures.stack import EAR

MANNER = Manner(language="en", task=Task.TRANSCRIBE, beam_size=5, temperature=0.0, timestamps=False, prompt_tokens=0)
OTHER = Manner(language="en", task=Task.TRANSCRIBE, beam_size=1, temperature=0.0, timestamps=False, prompt_tokens=0)


@pytest.fixture(scope="module")
def model() -> WhisperModel:
    return WhisperModel(str(EAR / "model"), device="cpu", compute_type="int8", cpu_threads=1)


def window(seconds: float) -> Window:
    frames = round(seconds * 100)
    return Window(features=np.zeros((80, frames), np.float32), encoded_frames=window_length(frames))


class Gated(Whisper):
    """A real one that holds its first batch until told, so that a queue gathers behind it."""

    def __init__(self, model: WhisperModel) -> None:
        super().__init__(model)
        self.batches: list[list[int]] = []
        self.busy = threading.Event()
        self.go_on = threading.Event()
        self.memory = 1000
        """Windows that fit."""

    def decode(self, manner: Manner, windows: Sequence[Window]) -> list[Hypothesis]:
        self.busy.set()
        assert self.go_on.wait(10)
        if len(windows) > self.memory:
            raise RuntimeError("CUDA failed with error out of memory")
        self.batches.append([one.frames for one in windows])
        return super().decode(manner, windows)


class Run:
    """One worker whose device is busy with a first window."""

    def __init__(self, model: WhisperModel, budget: Budget) -> None:
        self.device = Gated(model)
        self.batcher = Batcher(budget, 1)

    def __enter__(self) -> Self:
        self.batcher.__enter__()
        self.hear(1.0)
        assert self.device.busy.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.device.go_on.set()
        self.batcher.__exit__(None, None, None)

    def hear(self, seconds: float, manner: Manner = MANNER, *, urgent: bool = False) -> Future[Hypothesis]:
        return self.batcher.hear(self.device, manner, window(seconds), urgent=urgent)

    def batches(self, asked: Sequence[Future[Hypothesis]]) -> list[list[int]]:
        self.device.go_on.set()
        for future in asked:
            future.result(10)
        return [sorted(batch) for batch in self.device.batches[1:]]


def test_windows_that_gathered_are_one_batch(model: WhisperModel) -> None:
    with Run(model, GPU_BUDGET) as run:
        assert run.batches([run.hear(n) for n in (1, 2, 3)]) == [[100, 200, 300]]


def test_what_waits_for_the_device_and_what_the_device_took_is_counted(model: WhisperModel) -> None:
    took = REGISTRY.get_sample_value("ai2text_device_seconds_total") or 0.0
    with Run(model, GPU_BUDGET) as run:
        asked = [run.hear(n) for n in (1, 2, 3)]
        assert REGISTRY.get_sample_value("ai2text_windows_waiting") == 3
        run.batches(asked)
        assert REGISTRY.get_sample_value("ai2text_windows_waiting") == 0
    assert (REGISTRY.get_sample_value("ai2text_device_seconds_total") or 0.0) > took


def test_what_differs_in_manner_is_never_mixed(model: WhisperModel) -> None:
    with Run(model, GPU_BUDGET) as run:
        assert run.batches([run.hear(1), run.hear(2, OTHER), run.hear(3)]) == [[100, 300], [200]]


def test_an_urgent_window_waits_for_one_batch_only(model: WhisperModel) -> None:
    with Run(model, CPU_BUDGET) as run:
        bulk = [run.hear(25) for _ in range(5)]
        assert run.batches([*bulk, run.hear(3, urgent=True)])[0] == [300]


def test_urgent_windows_without_end_do_not_keep_a_bulk_window_waiting_for_ever(model: WhisperModel) -> None:
    with Run(model, CPU_BUDGET) as run:
        bulk = run.hear(20)
        urgent = [run.hear(25, urgent=True) for _ in range(6)]
        assert run.batches([bulk, *urgent]).index([2000]) == BULK_TURN - 2


def test_a_batch_keeps_to_the_budget_and_to_like_lengths(model: WhisperModel) -> None:
    with Run(model, Budget(windows=2, most=16, exponent=1)) as run:
        batches = run.batches([run.hear(n) for n in (4, 29, 4, 29, 4, 29)])
    assert batches == [[400, 400, 400], [2900, 2900], [2900]]


def test_a_window_that_is_cancelled_in_the_queue_is_not_decoded(model: WhisperModel) -> None:
    with Run(model, GPU_BUDGET) as run:
        asked = [run.hear(1), run.hear(2)]
        asked[0].cancel()
        assert run.batches(asked[1:]) == [[200]]


@pytest.mark.lesson("L41")
def test_l41_a_batch_that_is_too_much_for_the_memory_is_decoded_in_halves(model: WhisperModel) -> None:
    with Run(model, GPU_BUDGET) as run:
        run.device.memory = 2
        assert run.batches([run.hear(n) for n in (1, 2, 3, 4)]) == [[100, 200], [300, 400]]


def test_another_failure_of_the_device_fails_its_batch_and_no_other(model: WhisperModel) -> None:
    with Run(model, GPU_BUDGET) as run:
        run.device.memory = 0
        asked = run.hear(1)
        run.device.go_on.set()
        with pytest.raises(RuntimeError, match="out of memory"):
            asked.result(10)
        run.device.memory = 10
        run.hear(2).result(10)
