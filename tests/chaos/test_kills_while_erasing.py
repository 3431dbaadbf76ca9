"""The catalogue dies between the steps of an erasure: what was asked for is done, and done wholly."""

from pathlib import Path

import pytest

from tests.fixtures.nothing_lost import SAMPLES, SOON
from tests.fixtures.scan import places_with
from tests.fixtures.stack import running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

POINTS = ["tombstone_written", "erasure_saved", "recording_erased"]


@pytest.mark.parametrize("asks_again", [True, False])
def test_a_catalogue_killed_at_each_step_of_an_erasure_erases_it_all_the_same(
    tmp_path: Path, *, asks_again: bool
) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    env = {**SOON, "AI2TEXT_LOG_KILL_AT": f"{','.join(POINTS)}@{marks}", "AI2TEXT_METADATA_ERASE_AGAIN_SECONDS": "5"}
    with running(tmp_path, env=env) as stack:
        stack.drop(*SAMPLES[:2])
        found = stack.wait_until_settled(SAMPLES[:2])
        path = f"/v1/recordings/{found[SAMPLES[0]]['recording_id']}"
        said = found[SAMPLES[0]]["text_preview"].strip().encode()
        assert "table segments" in places_with(stack, said)
        assert stack.delete(path).status_code == 503, "it died before it could answer"
        if asks_again:
            stack.until(lambda: stack.delete(path).status_code == 202)
        stack.until(lambda: stack.get(path).status_code == 410)
        stack.until(lambda: sorted(mark.name for mark in marks.iterdir()) == sorted(POINTS))
        stack.until(lambda: places_with(stack, said) == set())
        stack.wait_until_settled(SAMPLES[1:2])
        assert stack.objects("default/audio/") == [f"default/audio/{found[SAMPLES[1]]['sha256']}"]
        assert stack.messages("DEAD") == 0
