import pytest

from ai2text.ingestion.recording import Signature
from ai2text.ingestion.settling import Settling

QUIET_SECONDS = 2.0


class Time:
    """Both clocks; moved by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def settling(time: Time) -> Settling:
    return Settling(QUIET_SECONDS, monotonic=time, wall=time)


def written_at(seconds: float, size_bytes: int = 1) -> Signature:
    return Signature(size_bytes=size_bytes, modified_ns=int(seconds * 1e9), inode=1)


def test_a_file_is_due_when_it_has_stood_still_for_the_window(settling: Settling, time: Time) -> None:
    settling.sight("a.wav", written_at(1000))
    time.now += 1.9
    assert settling.due() == []
    time.now += 0.2
    assert settling.due() == ["a.wav"]
    assert settling.take("a.wav", written_at(1000))
    assert len(settling) == 0


def test_ten_thousand_files_wait_one_window_together(settling: Settling, time: Time) -> None:
    for number in range(10_000):
        settling.sight(f"{number}.wav", written_at(1000))
    time.now += QUIET_SECONDS
    assert len(settling.due()) == 10_000


@pytest.mark.lesson("L03")
def test_a_change_begins_the_window_anew(settling: Settling, time: Time) -> None:
    settling.sight("a.wav", written_at(1000, 1))
    time.now += 1.5
    settling.sight("a.wav", written_at(1001.5, 2))
    time.now += 1.5
    assert settling.due() == []


def test_seeing_the_same_again_changes_nothing(settling: Settling, time: Time) -> None:
    settling.sight("a.wav", written_at(1000))
    time.now += 1.5
    settling.sight("a.wav", written_at(1000))
    time.now += 0.6
    assert settling.due() == ["a.wav"]


def test_a_file_that_is_old_at_first_sight_came_by_a_rename_and_is_due_at_once(settling: Settling) -> None:
    settling.sight("a.wav", written_at(900))
    assert settling.due() == ["a.wav"]


@pytest.mark.lesson("L03")
def test_an_old_time_counts_at_first_sight_only(settling: Settling, time: Time) -> None:
    """A copy that keeps times sets them at its end, when it is seen for the second time."""
    settling.sight("a.wav", written_at(1000, 1))
    time.now += 1
    settling.sight("a.wav", written_at(900, 2))
    assert settling.due() == []


@pytest.mark.lesson("L03")
def test_a_file_that_changed_unseen_is_not_taken_and_waits_again(settling: Settling, time: Time) -> None:
    settling.sight("a.wav", written_at(1000, 1))
    time.now += 2
    assert not settling.take("a.wav", written_at(1001.9, 2))
    assert settling.due() == []
    time.now += 2
    assert settling.due() == ["a.wav"]


def test_a_file_that_has_gone_is_not_waited_for(settling: Settling, time: Time) -> None:
    settling.sight("a.wav", written_at(1000))
    time.now += 2
    assert not settling.take("a.wav", None)
    assert len(settling) == 0


def test_a_time_in_the_future_waits_one_window(settling: Settling, time: Time) -> None:
    settling.sight("a.wav", written_at(9999))
    assert settling.due() == []
    time.now += 2
    assert settling.due() == ["a.wav"]
