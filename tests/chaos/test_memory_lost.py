"""A server comes back without its data: what is left of the others makes it whole again."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.stack import Stack, running

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]

DONE = ["01-the-weather-is-here.wav", "03-youth-of-today.flac"]
WAITING = ["08-smoking-is-one-of.flac", "11-if-not-treat-yourself.opus"]
SOON = {
    "AI2TEXT_METADATA_RECONCILE_JOBS_SECONDS": "1",
    "AI2TEXT_METADATA_RECONCILE_GRACE_SECONDS": "3",
    "AI2TEXT_ASR_BULK_JOBS": "1",
}


@pytest.mark.lesson("L24")
@pytest.mark.parametrize("server", ["nats", "postgres"])
def test_a_server_that_lost_its_data_is_made_whole_from_the_others(tmp_path: Path, server: str) -> None:
    with running(tmp_path, env=SOON) as stack:
        stack.drop(*DONE)
        before = stack.wait_until_settled(DONE)
        stack.post("/v1/datasets", json={"name": "speech"})
        stack.until(lambda: len(references(stack)) == len(DONE))
        used = references(stack)
        stack.drop(*WAITING)
        stack.until_logged("ingestion", "transcription_requested")
        stack.until(lambda: len(stack.objects("default/facts/")) == len(DONE) + len(WAITING))
        stack.stop()
        shutil.rmtree(stack.data / server)
        stack.start()
        found = stack.wait_until_settled([*DONE, *WAITING])
        for name in DONE:
            assert found[name]["recording_id"] == before[name]["recording_id"]
            assert found[name]["text_preview"] == before[name]["text_preview"]
        assert {found[name]["status"] for name in [*DONE, *WAITING]} == {"transcribed"}
        rows = stack.query("SELECT recording_id FROM transcripts")
        assert len(rows) == len(DONE) + len(WAITING), "each was transcribed once"
        assert stack.query("SELECT DISTINCT status FROM jobs") == [{"status": "completed"}]
        for name in [*DONE, *WAITING]:
            assert (stack.inbox / name).with_suffix(".txt").exists()
        stack.until(lambda: references(stack) == used)
        assert (stack.messages("WORK"), stack.messages("DEAD")) == (0, 0)


def references(stack: Stack) -> list[dict[str, Any]]:
    """What the dataset was made from, as far as the catalogue knows."""
    return stack.query("SELECT name, version, recording_id, revision, job_id FROM dataset_references ORDER BY 3")
