"""What a worker hears, told at once: finished segments into the stream LIVE, mere progress to whoever listens."""

import asyncio
import time
from contextlib import suppress

import nats.errors

from ai2text.asr.decode_recording import Tell
from ai2text.common.contracts.live import SegmentsHeard, TranscriptionProgress
from ai2text.common.contracts.outcome import Segment
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.jetstream import Broker

PROGRESS_SECONDS = 1.0
"""Between two words of progress; it is stored nowhere."""


class Live:
    """Made on the event loop, used from the threads that decode. What it says may be lost without harm."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._loop = asyncio.get_running_loop()

    def about(self, job: TranscriptionRequested) -> Tell:
        told_at = -PROGRESS_SECONDS

        def tell(segments: list[Segment], first: int, reached_seconds: float) -> None:
            nonlocal told_at
            if segments:
                self._say(_segments(job, first, segments, reached_seconds))
            if time.monotonic() - told_at >= PROGRESS_SECONDS:
                self._say(_progress(job, reached_seconds))
                told_at = time.monotonic()

        return tell

    def _say(self, event: SegmentsHeard | TranscriptionProgress) -> None:
        asyncio.run_coroutine_threadsafe(self._published(event), self._loop)

    async def _published(self, event: SegmentsHeard | TranscriptionProgress) -> None:
        if self._broker.connected:  # otherwise the client would keep the words and say them all together
            with suppress(nats.errors.Error):  # the connection logs its own troubles
                await self._broker.say(event)


def _segments(job: TranscriptionRequested, first: int, segments: list[Segment], reached: float) -> SegmentsHeard:
    return SegmentsHeard(
        tenant=job.tenant,
        recording_id=job.recording_id,
        job_id=job.job_id,
        first=first,
        segments=tuple(segments),
        reached_seconds=reached,
        duration_seconds=job.duration_seconds,
    )


def _progress(job: TranscriptionRequested, reached: float) -> TranscriptionProgress:
    return TranscriptionProgress(
        tenant=job.tenant,
        recording_id=job.recording_id,
        job_id=job.job_id,
        reached_seconds=min(reached, job.duration_seconds),
        duration_seconds=job.duration_seconds,
    )
