"""The pool of confined children in which FFmpeg meets hostile recordings."""

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import structlog
from pydantic import Field
from pydantic_settings import BaseSettings

from ai2text.audio import magic, refusals
from ai2text.audio.conversation import Word, converse
from ai2text.audio.fork_server import ForkServer
from ai2text.audio.process import Child
from ai2text.audio.protocol import Job, Sound
from ai2text.audio.source import AudioSource
from ai2text.audio.watchdog import Watchdog
from ai2text.common.errors import Unavailable
from ai2text.common.settings import group

log = structlog.get_logger()

MAX_DURATION_SECONDS = 24 * 3600.0


class SandboxSettings(BaseSettings):
    model_config = group("AI2TEXT_SANDBOX_")

    children: int = Field(2, ge=1, description="Recordings that are probed or decoded at the same time.")
    memory_bytes: int = Field(
        1 << 30, ge=1 << 28, description="Address space of one child; a recording that needs more is refused."
    )
    stall_seconds: float = Field(60, gt=0, description="Silence of a child after which it is ended.")
    cpu_seconds: float = Field(
        30, gt=0, description="Processor time of one recording, beside a tenth of the duration decoded so far."
    )


class Sandbox:
    """Safe to use from many threads; each job gets a child of its own, and waits while too many are busy."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._server = ForkServer(settings.memory_bytes)
        self._slots = threading.BoundedSemaphore(settings.children)
        self._watchdog = Watchdog(settings.stall_seconds)
        self._lock = threading.Lock()
        self._busy: set[Child] = set()
        self._closed = False
        self._warned = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends every child; jobs under way raise Unavailable."""
        with self._lock:
            self._closed = True
            for child in self._busy:
                child.abandon()
        self._watchdog.close()
        self._server.close()

    def child_pids(self) -> list[int]:
        """Of the children there are now, for measurements."""
        with self._lock:
            return [child.pid for child in self._busy]

    def run(
        self,
        source: AudioSource,
        *,
        sample_rate_hz: int | None = None,
        max_duration_seconds: float,
        channel: int | None = None,
        sound: Sound | None = None,
    ) -> Generator[Word, None, None]:
        """Samples as mono s16 at a rate, or those of `sound` with their format before them, or none; then the Media.

        See `probe`, `decode` and `samples` for the errors.
        """
        if source.size_bytes == 0:
            raise refusals.refused("empty")
        if refusal := magic.refusal(source.read(0, magic.HEAD_BYTES)):
            raise refusal
        job = Job(
            size_bytes=source.size_bytes,
            sample_rate_hz=sample_rate_hz,
            channel=channel,
            sound=sound,
            max_duration_seconds=max_duration_seconds,
        )
        with self._slots, self._child() as child:
            yield from converse(child, source, job, self._settings.memory_bytes)

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("The sandbox was closed.")

    @contextmanager
    def _child(self) -> Iterator[Child]:
        """Born for one job and ended with it: that costs milliseconds, and nothing of a recording outlives its job."""
        child = self._started()
        try:
            yield child
        finally:
            with self._lock:
                self._busy.discard(child)
            child.end()

    def _started(self) -> Child:
        self._check_open()
        child = Child(self._server, self._settings.cpu_seconds, self._watchdog)
        with self._lock:
            self._busy.add(child)
            if self._closed:
                child.abandon()
        if not child.filtered and not self._warned:
            self._warned = True
            log.warning("sandbox_without_seccomp", detail="Decoders run under resource limits only.")
        return child
