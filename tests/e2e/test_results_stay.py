"""A result is there as often and as late as anybody asks for it."""

from pathlib import Path

import pytest

from tests.fixtures.nothing_lost import SOON
from tests.fixtures.stack import SAMPLES, Stack

SWEPT_SOON = {**SOON, "AI2TEXT_UPLOAD_ABANDONED_HOURS": "0.0005", "AI2TEXT_METADATA_RECONCILE_BUCKET_SECONDS": "1"}


@pytest.mark.lesson("L39")
@pytest.mark.slow
def test_l39_reading_a_result_and_restarts_with_their_sweeps_take_nothing_away(tmp_path: Path) -> None:
    stack = Stack(tmp_path, env=SWEPT_SOON).start()
    try:
        content = (SAMPLES / "01-the-weather-is-here.wav").read_bytes()
        received = stack.post("/v1/recordings", content=content).json()
        paths = (f"/v1/jobs/{received['job_id']}", f"/v1/recordings/{received['recording_id']}/transcript")
        assert stack.get(paths[0], wait="60").json()["status"] == "completed"
        first = [stack.get(path).json() for path in paths]
        kept = [stack.objects(f"default/{kind}/") for kind in ("audio", "facts", "outcomes")]
        assert [len(keys) for keys in kept] == [1, 1, 1]
        assert first == [stack.get(path).json() for path in paths]
        stack.stop()
        stack.start()
        assert first == [stack.get(path).json() for path in paths]
        assert kept == [stack.objects(f"default/{kind}/") for kind in ("audio", "facts", "outcomes")]
    finally:
        stack.stop()
