"""`ai2text up` as it is typed, in a folder of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ai2text.cli.environments import EAR
from ai2text.cli.lock import sole_owner
from ai2text.cli.stack import PACKAGES
from tests.fixtures.servers import short_directory

pytestmark = pytest.mark.timeout(180)
COMMAND = [sys.executable, "-m", "ai2text.cli"]
SECONDS = 90
SERVERS_AND_SERVICES = ["nats", "postgres", "s3", *PACKAGES]


@pytest.fixture
def data() -> Iterator[Path]:
    with short_directory() as folder:
        yield folder / "data"


def environment(**extra: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AI2TEXT_")}
    return {**own, "HF_HUB_OFFLINE": "1", "AI2TEXT_FOLDER_QUIET_SECONDS": "0.5", **extra}


def ai2text(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, check=False, env=environment(), timeout=SECONDS
    )


def left_behind(data: Path) -> list[str]:
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline"])
        if str(data) in " ".join(process.info["cmdline"] or ())
    ]


@pytest.mark.slow
def test_until_idle_every_file_is_told_and_nothing_is_left(data: Path) -> None:
    (data / "inbox").mkdir(parents=True)
    (data / "inbox/youth.flac").write_bytes((EAR / "samples/03-youth-of-today.flac").read_bytes())
    (data / "inbox/junk.mp3").write_bytes(b"no audio at all" * 1000)
    done = ai2text("up", "--data", str(data), "--port", "0", "--exit-when-idle")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AI2Text is ready at" in done.stdout
    assert "demonstration model" in done.stdout
    assert '✓ youth.flac  "Youth of to' in done.stdout
    assert "✗ junk.mp3  refused: not_audio" in done.stdout
    table = done.stdout[done.stdout.index("2 results") :]
    assert "youth.flac" in table
    assert "junk.mp3" in table
    assert (data / "inbox/youth.txt").exists()
    assert not (data / "run.json").exists()
    assert not (data / "lock").exists()
    assert left_behind(data) == []


@pytest.fixture
def running(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A stack in a process of its own; what a failed test leaves of it is ended."""
    with (data.parent / "output.txt").open("wb") as file:
        command = [*COMMAND, "up", "--data", str(data), "--port", "0", "--model", "ear"]
        process = subprocess.Popen(command, stdout=file, stderr=file, env=environment(), start_new_session=True)
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@pytest.mark.slow
def test_an_interrupt_stops_the_running_stack_that_the_other_commands_find(
    data: Path, running: subprocess.Popen[bytes]
) -> None:
    output = data.parent / "output.txt"
    deadline = time.monotonic() + SECONDS
    while not (data / "run.json").exists():
        assert running.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.1)
    status = ai2text("status", "--json", "--data", str(data))
    assert json.loads(status.stdout)["recordings"]["transcribed"] == 0
    assert "recordings" in ai2text("status", "--data", str(data)).stdout
    second = ai2text("up", "--data", str(data), "--port", "0")
    assert second.returncode == 1
    assert second.stderr.startswith(f"ai2text: A stack is running in {data} already")
    assert second.stderr.count("\n") == 1
    family = psutil.Process(running.pid).children(recursive=True)
    assert len({process.pid for process in family if process.ppid() == running.pid}) == len(SERVERS_AND_SERVICES)
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 0, output.read_text()
    assert not any(process.is_running() for process in family)
    assert "No stack is running" in ai2text("status", "--data", str(data)).stderr
    assert left_behind(data) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [(["--model", "/no/such/model"], "there is no model.bin in /no/such/model"), (["--port", "{taken}"], "is taken")],
)
def test_what_cannot_work_is_said_before_anything_starts(data: Path, words: list[str], sentence: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        spelt = [word.format(taken=taken.getsockname()[1]) for word in words]
        done = ai2text("up", "--data", str(data), *spelt)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (data / "nats").exists()


def test_a_folder_in_use_is_left_alone(data: Path) -> None:
    data.mkdir()
    with sole_owner(data):
        done = ai2text("up", "--data", str(data), "--port", "0")
        assert done.returncode == 1
        assert (data / "lock").exists()
    assert "choose another folder with --data" in done.stderr
