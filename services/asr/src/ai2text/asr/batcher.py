"""The one place where the device is used: windows of many recordings, gathered into batches.

A free worker takes what is there at once and never waits for more: while the device is busy windows gather by
themselves, and where they do not there is nothing to gain. Windows of somebody who waits go first, so an interactive
clip waits for at most the batch that is under way, or for one more when it is the others' turn.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import structlog

from ai2text.asr.whisper import Whisper
from ai2text.asr.window import WINDOW_FRAMES, Hypothesis, Manner, Spoken, Window
from ai2text.common import metrics

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much the device takes at once, in windows of 30 s."""

    windows: float
    most: int
    """Windows in one batch, however short they are."""
    exponent: float
    """What a window of half the length counts: 1/2 where memory is the bound, 1/4 where it is the attention."""

    def fits(self, count: int, frames: int) -> bool:
        """One window always does."""
        if count == 1:
            return True
        share = (frames / WINDOW_FRAMES) ** self.exponent
        return count <= self.most and count * share <= self.windows


CPU_BUDGET = Budget(windows=1, most=16, exponent=2)
"""Measured: beyond this a batch falls out of the processor's cache and each window costs more, not less."""
GPU_BUDGET = Budget(windows=24, most=128, exponent=1)

BULK_TURN = 5
"""Of so many batches one begins with the oldest window, urgent or not: nobody waits for ever."""


@dataclass(slots=True, eq=False)
class _Waiting:
    whisper: Whisper
    manner: Manner | None
    """None asks for the language."""
    window: Window
    urgent: bool
    future: Future[Any] = field(default_factory=Future)


class Batcher:
    """Safe to use from many threads. Ends its workers when left; what still waits then is cancelled."""

    def __init__(self, budget: Budget, workers: int) -> None:
        self._budget = budget
        self._queue: list[_Waiting] = []
        self._change = threading.Condition()
        self._closed = False
        self._batches = 0
        self._workers = [threading.Thread(target=self._serve, name=f"device-{n}") for n in range(workers)]

    def __enter__(self) -> Self:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._change:
            self._closed = True
            self._change.notify_all()
        for worker in self._workers:
            worker.join()
        for waiting in self._queue:
            waiting.future.cancel()

    def hear(self, whisper: Whisper, manner: Manner, window: Window, *, urgent: bool) -> Future[Hypothesis]:
        """Cancelling the future takes the window out of the queue."""
        return self._submit(_Waiting(whisper, manner, window, urgent))

    def detect_language(self, whisper: Whisper, window: Window, *, urgent: bool) -> Future[Spoken]:
        return self._submit(_Waiting(whisper, None, window, urgent))

    def _submit(self, waiting: _Waiting) -> Future[Any]:
        with self._change:
            self._queue.append(waiting)
            metrics.WINDOWS_WAITING.set(len(self._queue))
            self._change.notify()
        return waiting.future

    def _serve(self) -> None:
        while batch := self._next():
            metrics.BATCH_WINDOWS.observe(len(batch))
            began = time.monotonic()
            self._decode(batch)
            metrics.DEVICE_SECONDS.inc(time.monotonic() - began)

    def _next(self) -> list[_Waiting]:
        """Empty when there is nothing more to come."""
        with self._change:
            while True:
                self._change.wait_for(lambda: self._queue or self._closed)
                if self._closed:
                    return []
                self._batches += 1
                batch = gather(self._queue, self._budget, urgent_first=self._batches % BULK_TURN != 0)
                for taken in batch:
                    self._queue.remove(taken)
                metrics.WINDOWS_WAITING.set(len(self._queue))
                if begun := [waiting for waiting in batch if waiting.future.set_running_or_notify_cancel()]:
                    return begun

    def _decode(self, batch: Sequence[_Waiting]) -> None:
        try:
            heard = _answers(batch[0].whisper, batch[0].manner, [waiting.window for waiting in batch])
        except RuntimeError as exc:
            self._recover(batch, exc)
            return
        for waiting, hypothesis in zip(batch, heard, strict=True):
            waiting.future.set_result(hypothesis)

    def _recover(self, batch: Sequence[_Waiting], failure: RuntimeError) -> None:
        """A batch that was too much for the device's memory is decoded in halves; anything else fails it."""
        if "out of memory" in str(failure) and len(batch) > 1:
            log.warning("batch_halved", windows=len(batch), error=str(failure))
            half = len(batch) // 2
            self._decode(batch[:half])
            self._decode(batch[half:])
            return
        for waiting in batch:
            waiting.future.set_exception(failure)


def _answers(whisper: Whisper, manner: Manner | None, windows: Sequence[Window]) -> Sequence[Hypothesis | Spoken]:
    return whisper.detect_language(windows) if manner is None else whisper.decode(manner, windows)


def gather(queue: Sequence[_Waiting], budget: Budget, *, urgent_first: bool) -> list[_Waiting]:
    """The oldest window, or the oldest urgent one, and those of its manner that are nearest to its length.

    Urgent ones are taken before others, whatever their length; then what pads least.
    """
    urgent = (waiting for waiting in queue if waiting.urgent and urgent_first)
    head = next(urgent, queue[0])
    fitting = [
        waiting
        for waiting in queue
        if waiting is not head and waiting.whisper is head.whisper and waiting.manner == head.manner
    ]
    batch, frames = [head], head.window.encoded_frames
    fitting.sort(key=lambda waiting: (not waiting.urgent, abs(waiting.window.encoded_frames - frames)))
    for waiting in fitting:
        longest = max(frames, waiting.window.encoded_frames)
        if not budget.fits(len(batch) + 1, longest):
            break
        batch.append(waiting)
        frames = longest
    return batch
