"""When a version is made without being asked for."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ai2text.common.contracts.datasets import SnapshotSize
from ai2text.common.contracts.definition import Definition, Trigger
from ai2text.training_orchestrator.dataset import Claim, Triggered
from ai2text.training_orchestrator.due import due, wants_size
from tests.fixtures.examples import NOW

THEN = SnapshotSize(recordings=3, duration_seconds=7200, state="1")
GROWN = SnapshotSize(recordings=4, duration_seconds=9000, state="2")
DAY = timedelta(days=1)


def claim(**trigger: float) -> Claim:
    definition = Definition(name="speech", trigger=Trigger(**trigger))
    return Claim(tenant="default", definition=definition, version=1, requested_by="cli", created_at=NOW, catalogue=THEN)


@pytest.mark.parametrize(
    ("after", "moment"),
    [
        (timedelta(0), None),
        (DAY - timedelta(seconds=1), None),
        (DAY, DAY),
        (DAY + timedelta(minutes=1), DAY),
        (3.5 * DAY, 3 * DAY),
    ],
)
def test_a_schedule_is_due_at_whole_intervals_after_it_was_posted(after: timedelta, moment: timedelta | None) -> None:
    expected = Triggered(by="every_hours", due_at=NOW + moment) if moment else None
    assert due(claim(every_hours=24), GROWN, NOW + after) == expected
    assert wants_size(claim(every_hours=24), NOW + after) is (moment is not None)


def test_the_next_moment_is_counted_from_the_last_one_however_late_that_was_seen() -> None:
    late = NOW + DAY + timedelta(hours=5)
    second = replace(claim(every_hours=24), triggered=due(claim(every_hours=24), GROWN, late), created_at=late)
    assert due(second, replace(GROWN, state="3"), NOW + 2 * DAY) == Triggered(by="every_hours", due_at=NOW + 2 * DAY)


def test_nothing_is_due_while_the_catalogue_stays_as_it_was_and_then_at_once() -> None:
    assert due(claim(every_hours=24), THEN, NOW + 3 * DAY) is None
    corrected = replace(THEN, state="2")
    assert due(claim(every_hours=24), corrected, NOW + 3 * DAY) is not None


def test_hours_count_from_the_newest_version_and_erased_ones_count_against_new_ones() -> None:
    wanting = claim(new_hours=0.5)
    assert due(wanting, GROWN, NOW) == Triggered(by="new_hours", due_at=NOW)
    assert due(wanting, replace(GROWN, duration_seconds=8999.9), NOW + 99 * DAY) is None
    assert due(wanting, replace(GROWN, duration_seconds=100), NOW) is None
    assert due(replace(wanting, catalogue=GROWN), GROWN, NOW) is None


def test_of_both_the_first_decides_and_the_schedule_keeps_its_moments() -> None:
    both = claim(every_hours=24, new_hours=0.5)
    early = due(both, GROWN, NOW + DAY / 2)
    assert early == Triggered(by="new_hours", due_at=NOW)
    second = replace(both, triggered=early, created_at=NOW + DAY / 2, catalogue=GROWN)
    assert due(second, replace(GROWN, state="3"), NOW + DAY) == Triggered(by="every_hours", due_at=NOW + DAY)


def test_without_a_trigger_nothing_is_ever_due() -> None:
    asked = replace(claim(new_hours=1), definition=Definition(name="speech"))
    assert due(asked, GROWN, NOW + 99 * DAY) is None
    assert not wants_size(asked, NOW + 99 * DAY)
