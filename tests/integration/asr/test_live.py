"""What a worker hears is told while it goes on."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ai2text.asr import live
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.live import SegmentsHeard, TranscriptionProgress
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.subjects import LIVE_SEGMENTS, PROGRESS
from tests.fixtures.speech import talk
from tests.integration.asr.worker import Worker


@pytest.mark.lesson("L30")
async def test_l30_segments_are_told_while_a_recording_is_heard_and_together_are_its_transcript(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PROGRESS_SECONDS", 0.05)  # a minute is heard within one second here
    said = talk(tmp_path / "talk.wav", 60, 3)
    job = replace(worker.job_for(said.path.read_bytes()), duration_seconds=said.seconds)
    told: list[SegmentsHeard] = []
    progress: list[float] = []
    before_the_end: list[bool] = []

    async def hear(message: Any) -> None:
        told.append(decode(SegmentsHeard, message.data))
        before_the_end.append(not working.done())

    async def hear_progress(message: Any) -> None:
        progress.append(decode(TranscriptionProgress, message.data).reached_seconds)

    client = worker.broker.client
    await client.subscribe(f"{LIVE_SEGMENTS}.{job.tenant}.{job.job_id}", cb=hear)
    await client.subscribe(f"{PROGRESS}.{job.tenant}.{job.job_id}", cb=hear_progress)
    working = asyncio.create_task(worker.transcribe(job))
    transcript = await working
    await client.flush()

    assert isinstance(transcript, Transcript)
    assert all(before_the_end[:-1])
    assert [segment for event in told for segment in event.segments] == list(transcript.segments)
    assert [event.first for event in told] == [
        sum(len(earlier.segments) for earlier in told[:n]) for n in range(len(told))
    ]
    assert progress == sorted(progress)
    assert 0 < progress[0] < progress[-1] <= job.duration_seconds
