"""Where the time of a job goes."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from ai2text.common.contracts.outcome import Stages

T = TypeVar("T")


class Stopwatch:
    """Seconds by stage. Looking for speech pulls the audio, so that its time contains the audio's."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._seconds: defaultdict[str, float] = defaultdict(float)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    @contextmanager
    def on(self, stage: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._seconds[stage] += time.monotonic() - began

    def pulling(self, stage: str, coming: Iterable[T]) -> Iterator[T]:
        """Counts what the next item costs, not what is done with it."""
        iterator = iter(coming)
        while True:
            with self.on(stage):
                item = next(iterator, None)
            if item is None:
                return
            yield item

    def stages(self) -> Stages:
        audio, chunks = self._seconds["audio"], self._seconds["chunks"]
        return Stages(
            audio=audio, speech=chunks - audio, features=self._seconds["features"], model=self._seconds["model"]
        )
