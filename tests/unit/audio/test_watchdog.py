import threading
from collections.abc import Iterator

import pytest

from ai2text.audio.watchdog import Watchdog


class Waited:
    def __init__(self) -> None:
        self.ended = threading.Event()

    def stalled(self) -> None:
        self.ended.set()


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    watching = Watchdog(patience_seconds=0.05)
    yield watching
    watching.close()


def test_who_is_waited_for_too_long_is_ended(watchdog: Watchdog) -> None:
    child = Waited()
    with watchdog.over(child):
        assert child.ended.wait(10)


def test_only_the_one_that_is_overdue_is_ended(watchdog: Watchdog) -> None:
    quick, slow = Waited(), Waited()
    with watchdog.over(quick):
        pass
    with watchdog.over(slow):
        assert slow.ended.wait(10)
    assert not quick.ended.is_set()


def test_closing_ends_the_thread() -> None:
    before = threading.active_count()
    Watchdog(patience_seconds=1000).close()
    assert threading.active_count() == before
