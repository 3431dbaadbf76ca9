"""While NATS or S3 is away, files stay where they are: one after the other tries, and the rest waits."""

import asyncio
from collections.abc import Callable

import structlog

from ai2text.common.clock import stopped_within

log = structlog.get_logger()

RETRY_SECONDS = 2.0


class Admission:
    """One for all folders of the service."""

    def __init__(self, workers: int, connected: Callable[[], bool]) -> None:
        self.places = asyncio.Semaphore(workers)
        """Recordings hashed, probed and stored at the same time."""
        self._connected = connected
        self._failed: set[tuple[str, str]] = set()
        self._turn = asyncio.Lock()

    @property
    def open(self) -> bool:
        """False from the first recording that could not be taken in until one was, or none of them is left."""
        return not self._failed

    async def wait(self, stop: asyncio.Event) -> None:
        """Returns at once while all is well; otherwise lets one through every RETRY_SECONDS."""
        if self.open and self._connected():
            return
        async with self._turn:
            while not (self._connected() or await stopped_within(stop, RETRY_SECONDS / 4)):
                pass
            if not self.open:
                await stopped_within(stop, RETRY_SECONDS)

    def failed(self, folder: str, name: str, error: str) -> None:
        if self.open:
            log.warning("ingestion_paused", folder=folder, name=name, error=error)
        self._failed.add((folder, name))

    def succeeded(self) -> None:
        if not self.open:
            log.info("ingestion_resumed")
        self._failed.clear()

    def gone(self, folder: str, name: str) -> None:
        """The owner took the file away; nobody waits for it any more."""
        self._failed.discard((folder, name))
