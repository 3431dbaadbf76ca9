"""The wall-clock limit on children that are being waited for."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Stallable(Protocol):
    def stalled(self) -> None:
        """Ends it; whoever waits for it finds out by the end of the connection."""


class Watchdog:
    """Ends whom somebody has waited for longer than `patience_seconds`, also in the middle of a message.

    A time limit on the connection would not do: a child in foreign hands could send a byte now and then for ever.
    """

    def __init__(self, patience_seconds: float) -> None:
        self._patience = patience_seconds
        self._deadlines: dict[Stallable, float] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sandbox-watchdog", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    @contextmanager
    def over(self, child: Stallable) -> Iterator[None]:
        with self._lock:
            self._deadlines[child] = time.monotonic() + self._patience
        try:
            yield
        finally:
            with self._lock:
                del self._deadlines[child]

    def _watch(self) -> None:
        while not self._closed.wait(self._patience / 10):
            self._end_stalled(time.monotonic())

    def _end_stalled(self, now: float) -> None:
        with self._lock:  # held, so that nobody is ended who has just answered
            for child, deadline in self._deadlines.items():
                if deadline < now:
                    child.stalled()
