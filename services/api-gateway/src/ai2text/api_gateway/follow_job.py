"""A job from where its listener left off to its end, as it happens."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.live import Live
from ai2text.common.clock import stopped_within
from ai2text.common.contracts.codec import decode_outcome
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.live import SegmentsHeard
from ai2text.common.contracts.outcome import Segment, Transcript
from ai2text.common.contracts.states import JOB_ENDS, JobStatus

LOOK_SECONDS = 10.0
"""After so long without a word everything is looked at again: a word may be lost."""
CATCH_UP_SECONDS = 5
"""The catalogue hears of an end a moment later than we do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """`segments` that were finished, `progress`, or the status in which the job ended, with the whole job."""

    name: str
    data: dict[str, Any]
    segments: tuple[Segment, ...] = ()
    transcript: Transcript | None = None
    """Of a job that was completed."""
    place: int | None = None
    """From which a listener may go on later."""


class FollowJob:
    def __init__(self, metadata: Service, live: Live, stop: asyncio.Event) -> None:
        self._metadata = metadata
        self._live = live
        self._stop = stop

    async def follow_job(self, caller: Caller, job_id: str, after: int = 0) -> AsyncIterator[JobEvent | None]:
        """None now and then, while there is nothing to tell. Ends with the job, or without a word when we stop.

        Segments come from the stream LIVE, and from the transcript where that does not know them (any more).
        Raises Unavailable.
        """
        with self._live.listening(job_id) as listener:
            place, told = await self._left_off(caller, job_id, after)
            reached = 0.0
            job = await self._job(caller, job_id)
            while not self._stop.is_set():
                listener.woken.clear()
                async for found, heard in self._live.segments_after(caller.tenant, job_id, place):
                    place, told, reached = found, heard.first + len(heard.segments), heard.reached_seconds
                    yield _segments(heard, place)
                if job["status"] in JOB_ENDS:
                    transcript = (
                        await self._transcript(caller, job_id) if job["status"] == JobStatus.COMPLETED else None
                    )
                    if transcript is not None and transcript.segments[told:]:
                        yield _rest(transcript, told)
                    yield JobEvent(name=job["status"], data=job, transcript=transcript)
                    return
                if listener.progress is not None and listener.progress.reached_seconds > reached:
                    reached, duration = listener.progress.reached_seconds, listener.progress.duration_seconds
                    yield JobEvent(name="progress", data={"reached_seconds": reached, "duration_seconds": duration})
                if not await stopped_within(listener.woken, LOOK_SECONDS):
                    yield None
                    job = await self._job(caller, job_id)
                elif listener.ended:
                    job = await self._job(caller, job_id, CATCH_UP_SECONDS)

    async def _left_off(self, caller: Caller, job_id: str, after: int) -> tuple[int, int]:
        """The place, and how many segments were told up to it; the beginning where the stream knows no such place."""
        if after > 0:
            async for place, heard in self._live.segments_after(caller.tenant, job_id, after - 1):
                return (place, heard.first + len(heard.segments)) if place == after else (0, 0)
        return 0, 0

    async def _job(self, caller: Caller, job_id: str, wait: int = 0) -> dict[str, Any]:
        return await self._metadata.get(f"/v1/jobs/{job_id}", caller, {"wait": f"{wait}"})

    async def _transcript(self, caller: Caller, job_id: str) -> Transcript | None:
        outcome = decode_outcome(await self._metadata.read(f"/v1/jobs/{job_id}/outcome", caller))
        return outcome if isinstance(outcome, Transcript) else None


def _rest(transcript: Transcript, told: int) -> JobEvent:
    heard = SegmentsHeard(
        tenant=transcript.tenant,
        recording_id=transcript.recording_id,
        job_id=transcript.job_id,
        first=told,
        segments=transcript.segments[told:],
        reached_seconds=transcript.duration_seconds,
        duration_seconds=transcript.duration_seconds,
    )
    return _segments(heard, None)


def _segments(heard: SegmentsHeard, place: int | None) -> JobEvent:
    segments = [
        {"start": one.start, "end": one.end, "text": one.text.strip(), "speaker": one.speaker} for one in heard.segments
    ]
    data = {
        "first": heard.first,
        "segments": segments,
        "reached_seconds": heard.reached_seconds,
        "duration_seconds": heard.duration_seconds,
    }
    return JobEvent(name="segments", data=data, segments=heard.segments, place=place)
