import threading

import pytest
from structlog.testing import capture_logs

from ai2text.asr.model_progress import Progress, State, Stopped


@pytest.mark.lesson("L43")
def test_l43_progress_is_said_every_few_seconds_and_not_at_each_tick() -> None:
    seconds = 0.0
    progress = Progress("small", threading.Event(), lambda: seconds)
    with capture_logs() as said:
        progress.begin(State.DOWNLOADING, total_bytes=100_000)
        for tick in range(1, 10_001):
            seconds = tick / 1000
            progress.advance(10)
        progress.end(State.READY)
    assert progress.state is State.READY
    assert [line["share"] for line in said] == [0, 0.5, 1.0, None]


def test_a_share_of_nothing_is_not_known() -> None:
    progress = Progress("small", threading.Event())
    progress.begin(State.LOADING)
    assert progress.share is None


def test_progress_ends_with_the_process() -> None:
    stop = threading.Event()
    progress = Progress("small", stop)
    stop.set()
    with pytest.raises(Stopped):
        progress.advance(1)
    with pytest.raises(Stopped):
        progress.pause(60)
