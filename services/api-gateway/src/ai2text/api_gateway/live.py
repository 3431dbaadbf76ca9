"""What workers say while they decode: who waits for a job is woken, and reads from the stream itself.

Nothing is kept here for anybody, so a slow reader costs nothing and misses nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from ai2text.common import subjects
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.live import SegmentsHeard, TranscriptionProgress
from ai2text.common.contracts.transcription import (
    RecordingTranscribed,
    TranscriptionCancelled,
    TranscriptionFailed,
)
from ai2text.common.jetstream import Broker, heard

log = structlog.get_logger()

ENDS: dict[str, type[RecordingTranscribed | TranscriptionFailed | TranscriptionCancelled]] = {
    subjects.RECORDING_TRANSCRIBED: RecordingTranscribed,
    subjects.TRANSCRIPTION_FAILED: TranscriptionFailed,
    subjects.TRANSCRIPTION_CANCELLED: TranscriptionCancelled,
}


@dataclass(slots=True, eq=False)
class Listener:
    """Of one job. What it says is a hint: each may be lost with a connection."""

    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False
    progress: TranscriptionProgress | None = None


class Live:
    """Useful without NATS too: then everything is told at a job's end."""

    def __init__(self) -> None:
        self._broker: Broker | None = None
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)

    async def hear(self, broker: Broker) -> None:
        """By plain subscriptions, which come back by themselves with the connection."""
        self._broker, client = broker, broker.client
        await client.subscribe(f"{subjects.LIVE_SEGMENTS}.>", cb=self._segments_heard)
        await client.subscribe(f"{subjects.PROGRESS}.>", cb=self._progressed)
        for subject in ENDS:
            await client.subscribe(subject, cb=self._ended)

    async def wake_all_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        for listener in [one for listeners in self._listeners.values() for one in listeners]:
            listener.woken.set()

    @contextmanager
    def listening(self, job_id: str) -> Iterator[Listener]:
        listener = Listener()
        self._listeners[job_id].add(listener)
        try:
            yield listener
        finally:
            self._listeners[job_id].discard(listener)
            if not self._listeners[job_id]:
                del self._listeners[job_id]

    async def segments_after(self, tenant: str, job_id: str, sequence: int) -> AsyncIterator[tuple[int, SegmentsHeard]]:
        """What the stream still has of a job, each with its place there; nothing while NATS is away."""
        subject = subjects.live_segments(tenant, job_id)
        while self._broker is not None and self._broker.connected:
            try:
                found = await self._broker.jetstream.get_msg(
                    subjects.LIVE, seq=sequence + 1, subject=subject, next=True
                )
            except NotFoundError:
                return
            except (nats.errors.Error, TimeoutError) as exc:
                log.warning("live_not_read", error=repr(exc))
                return
            sequence = found.seq or sequence + 1
            yield sequence, decode(SegmentsHeard, found.data or b"")

    async def _segments_heard(self, message: Msg) -> None:
        for listener in self._of(message.subject.rpartition(".")[2]):
            listener.woken.set()

    async def _progressed(self, message: Msg) -> None:
        listeners = self._of(message.subject.rpartition(".")[2])
        if listeners and (progress := heard(TranscriptionProgress, message)):
            for listener in listeners:
                listener.progress = progress
                listener.woken.set()

    async def _ended(self, message: Msg) -> None:
        if end := heard(ENDS[message.subject], message):
            for listener in self._of(end.job_id):
                listener.ended = True
                listener.woken.set()

    def _of(self, job_id: str) -> list[Listener]:
        """Without making an entry for a job that nobody listens to."""
        return list(self._listeners.get(job_id, ()))
