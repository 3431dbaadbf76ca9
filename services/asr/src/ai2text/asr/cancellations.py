"""Cancellations as they are told: whoever works on the job hears of it, and stops.

Core NATS keeps nothing. A worker that was away when it was told finds the outcome when it wants to write its own.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from nats.aio.msg import Msg

from ai2text.common import subjects
from ai2text.common.contracts.transcription import TranscriptionCancelled
from ai2text.common.jetstream import Broker, heard

log = structlog.get_logger()


class Cancellations:
    def __init__(self) -> None:
        self._heeding: set[tuple[str, threading.Event]] = set()

    async def subscribe(self, broker: Broker) -> None:
        """Until the connection is closed."""
        await broker.client.subscribe(subjects.TRANSCRIPTION_CANCELLED, cb=self._on_message)

    @contextmanager
    def heeded(self, job_id: str) -> Iterator[threading.Event]:
        """An event that is set when the job is cancelled. One job may be here twice: each delivery has its own."""
        heeding = (job_id, threading.Event())
        self._heeding.add(heeding)
        try:
            yield heeding[1]
        finally:
            self._heeding.discard(heeding)

    def cancel(self, job_id: str) -> None:
        for heeding, abandon in self._heeding:
            if heeding == job_id:
                log.info("job_abandoned", job_id=job_id)
                abandon.set()

    async def _on_message(self, message: Msg) -> None:
        if event := heard(TranscriptionCancelled, message):
            self.cancel(event.job_id)
