"""Whether a service is worth asking: nobody waits for one that has just failed everybody."""

import time
from collections.abc import Callable

import structlog

from ai2text.common import metrics
from ai2text.common.errors import Unavailable

log = structlog.get_logger()

FAILURES = 5
"""In a row."""
PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0


class Circuit:
    """Opened by failures, closed by an answer. While it is open one request after each pause is let through, to try."""

    def __init__(self, service: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._service = service
        self._monotonic = monotonic
        self._failures = 0
        self._pause = PAUSE_SECONDS
        self._shut_until = 0.0

    def check(self) -> None:
        """Raises Unavailable."""
        if self._failures < FAILURES:
            return
        now = self._monotonic()
        if now < self._shut_until:
            raise Unavailable(f"{self._service} has not answered lately.")
        self._shut_until = now + self._pause

    def failed(self) -> None:
        self._failures += 1
        if self._failures < FAILURES:
            return
        if self._failures == FAILURES:
            log.warning("circuit_opened", service=self._service)
            metrics.CIRCUIT_OPEN.labels(self._service).set(1)
        self._shut_until = self._monotonic() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)

    def succeeded(self) -> None:
        if self._failures >= FAILURES:
            log.info("circuit_closed", service=self._service)
            metrics.CIRCUIT_OPEN.labels(self._service).set(0)
        self._failures, self._pause = 0, PAUSE_SECONDS
