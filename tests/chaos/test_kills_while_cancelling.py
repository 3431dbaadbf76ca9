"""Metadata dies between the steps of a cancellation; nobody asks again, and what stands is told all the same."""

import asyncio
from pathlib import Path

import nats
import pytest

from ai2text.common import subjects
from ai2text.common.contracts.codec import decode_outcome
from ai2text.common.contracts.outcome import Cancellation
from tests.fixtures.stack import SAMPLES, Stack, running

pytestmark = pytest.mark.timeout(300)


async def told(stack: Stack) -> int:
    """How often the stream says that something was cancelled."""
    env = stack.environment_of(r"ai2text\.asr")
    client = await nats.connect(
        env["AI2TEXT_NATS_URL"], user=env["AI2TEXT_NATS_USER"], password=env["AI2TEXT_NATS_PASSWORD"]
    )
    try:
        found = await client.jetstream().stream_info(subjects.EVENTS, subjects_filter=subjects.TRANSCRIPTION_CANCELLED)
    finally:
        await client.close()
    return sum((found.state.subjects or {}).values())


@pytest.mark.lesson("L34")
@pytest.mark.slow
@pytest.mark.parametrize("point", ["cancellation_written", "job_cancelled_or_ended"])
def test_l34_metadata_killed_in_the_middle_of_a_cancellation_says_cancelled_and_says_it_once(
    tmp_path: Path, point: str
) -> None:
    """Before the row is written the worker, which finds the outcome, says so; after that the outbox does."""
    marks = tmp_path / "marks"
    marks.mkdir()
    with running(tmp_path, env={"AI2TEXT_LOG_KILL_AT": f"{point}@{marks}"}) as stack:
        with (SAMPLES / "long-two-minutes.flac").open("rb") as file:
            received = stack.post("/v1/recordings", files={"file": file}).json()
        job = f"/v1/jobs/{received['job_id']}"
        stack.until(lambda: stack.get(job).json()["status"] == "running")
        assert stack.delete(job).status_code == 503, "it died before it could answer"
        assert [path.name for path in marks.iterdir()] == [point]
        stack.until(lambda: stack.get(job).json().get("status") == "cancelled")
        stack.until(lambda: stack.messages("WORK") == 0 and stack.query("SELECT FROM outbox") == [])
        assert asyncio.run(told(stack)) == 1
        assert stack.delete(job).status_code == 200
        assert stack.get(f"/v1/recordings/{received['recording_id']}").json()["status"] == "cancelled"
        (outcome,) = stack.objects("default/outcomes/")
        assert isinstance(decode_outcome(stack.store().get(outcome)), Cancellation)
        assert stack.query("SELECT FROM transcripts") == []
        assert asyncio.run(told(stack)) == 1
        assert stack.messages("DEAD") == 0
