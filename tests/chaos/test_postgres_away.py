"""PostgreSQL is killed with all its children and stays away while recordings come in and are transcribed."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from tests.fixtures.nothing_lost import SAMPLES, SOON, check_nothing_lost_and_nothing_double
from tests.fixtures.stack import Stack, running

pytestmark = pytest.mark.timeout(400)

READY_AGAIN_SECONDS = 15
LINES_A_SECOND = 10
SERVER = r"bin/postgres -D"


@pytest.mark.slow
@pytest.mark.lesson("L12")
@pytest.mark.parametrize("seconds", [5, 60])
def test_while_postgres_is_away_nothing_stops_and_afterwards_nothing_is_missing(tmp_path: Path, seconds: float) -> None:
    with running(tmp_path, env=SOON) as stack:
        stack.drop(SAMPLES[0])
        stack.wait_until_settled(SAMPLES[:1])
        metadata, inside = stack.pid_of(r"ai2text\.metadata"), _inside(stack)
        with _postgres_away(stack):
            began, lines = time.monotonic(), _lines(stack)
            stack.drop(*SAMPLES[1:])
            stack.until(lambda: _says(inside, "postgres") is False)
            refused = stack.get("/v1/recordings")
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert int(refused.headers["Retry-After"]) >= 1
            stack.until(lambda: len(stack.objects("default/outcomes/")) == len(SAMPLES))
            stack.until(lambda: time.monotonic() - began >= seconds, 2 * seconds)
            assert httpx.get(f"{inside}/healthz", timeout=10).status_code == 200
            assert _lines(stack) - lines <= LINES_A_SECOND * (time.monotonic() - began)
        stack.until(lambda: _says(inside, "postgres") is True, READY_AGAIN_SECONDS)
        check_nothing_lost_and_nothing_double(stack)
        assert stack.pid_of(r"ai2text\.metadata") == metadata, "it waited, and did not die"


@contextmanager
def _postgres_away(stack: Stack) -> Iterator[None]:
    """What the supervisor starts instead is held still, at whatever it is doing, and goes on at the end."""
    killed = stack.pid_of(SERVER)
    family = [psutil.Process(killed), *psutil.Process(killed).children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    stack.until(lambda: stack.pids_of(SERVER) not in ([], [killed]))
    held = stack.pid_of(SERVER)
    os.kill(held, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(held, signal.SIGCONT)


def _inside(stack: Stack) -> str:
    port = stack.environment_of(r"ai2text\.metadata")["AI2TEXT_INSIDE_PORT"]
    return f"http://127.0.0.1:{port}"


def _says(inside: str, check: str) -> bool | None:
    """What /readyz says of it."""
    answer: dict[str, bool] = httpx.get(f"{inside}/readyz", timeout=10).json()
    return answer[check]


def _lines(stack: Stack) -> int:
    return len((stack.data / "logs/metadata.log").read_text().splitlines())
