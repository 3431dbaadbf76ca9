"""How far a model is: read by whoever asks, logged every few seconds, never stored."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

import structlog

from ai2text.common import metrics
from ai2text.common.errors import Unavailable

log = structlog.get_logger()

SAY_SECONDS = 5.0


class State(StrEnum):
    WAITING = "waiting"
    """For the hub, for another process's download, or for room in memory."""
    DOWNLOADING = "downloading"
    LOADING = "loading"
    READY = "ready"
    LEAVING = "leaving"
    """Taken out of memory when its last user is done."""
    FAILED = "failed"


class Stopped(Unavailable):
    """The process ends: what was downloaded so far is kept, and the job goes to another worker."""


class Progress:
    """Written by the thread that gets the model ready; a reader may see a number that is a moment old."""

    def __init__(self, model: str, stop: threading.Event, now: Callable[[], float] = time.monotonic) -> None:
        self.model = model
        self.state = State.WAITING
        self.done_bytes = 0
        self.total_bytes = 0
        self._stop = stop
        self._now = now
        self._said_at = now()

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None where there is nothing to count."""
        return round(self.done_bytes / self.total_bytes, 3) if self.total_bytes else None

    def begin(self, state: State, total_bytes: int = 0, done_bytes: int = 0) -> None:
        self.state, self.done_bytes, self.total_bytes = state, done_bytes, total_bytes
        self._say()

    def reach(self, done_bytes: int) -> None:
        """Raises Stopped when the process ends."""
        self.done_bytes = done_bytes
        self.go_on()
        if self._now() - self._said_at >= SAY_SECONDS:
            self._say()

    def advance(self, size_bytes: int) -> None:
        self.reach(self.done_bytes + size_bytes)

    def pause(self, seconds: float) -> None:
        """Raises Stopped when the process ends meanwhile."""
        self._stop.wait(seconds)
        self.go_on()

    def go_on(self) -> None:
        if self._stop.is_set():
            raise Stopped("This process ends.")

    def end(self, state: State) -> None:
        """Nothing is under way any more."""
        self.begin(state)
        with suppress(KeyError):  # it was never measured
            metrics.MODEL_PROGRESS.remove(self.model)

    def _say(self) -> None:
        self._said_at = self._now()
        if self.share is not None:
            metrics.MODEL_PROGRESS.labels(self.model).set(self.share)
        log.info("model_progress", model=self.model, state=self.state, share=self.share, total_bytes=self.total_bytes)
