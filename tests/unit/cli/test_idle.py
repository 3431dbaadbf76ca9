from typing import Any

import pytest

from ai2text.cli.idle import is_idle

DONE: dict[str, Any] = {
    "recordings": {"queued": 0, "transcribing": 0, "transcribed": 3, "failed": 1, "cancelled": 0, "rejected": 1},
    "queue": {"unsettled": 0},
    "folders": [{"name": "inbox", "reconciled": True, "settling": 0, "working": 0, "awaiting_sidecars": 0}],
    "buckets": [{"name": "archive", "reconciled": True, "away": False, "working": 0, "awaiting_sidecars": 0}],
}


def test_all_ended_is_idle_whatever_the_end() -> None:
    assert is_idle(DONE)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("recordings", {"queued": 1}),
        ("recordings", {"transcribing": 1}),
        ("queue", {"unsettled": 1}),
        ("folders", {"reconciled": False}),
        ("folders", {"settling": 1}),
        ("folders", {"working": 1}),
        ("folders", {"awaiting_sidecars": 1}),
        ("buckets", {"reconciled": False}),
        ("buckets", {"away": True}),
        ("buckets", {"working": 1}),
        ("buckets", {"awaiting_sidecars": 1}),
    ],
)
def test_anything_under_way_is_not(part: str, change: dict[str, Any]) -> None:
    changed = [{**DONE[part][0], **change}] if part in {"folders", "buckets"} else {**DONE[part], **change}
    assert not is_idle({**DONE, part: changed})
