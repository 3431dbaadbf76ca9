"""The supervisor in a process of its own, with stand-ins that die, linger and leave orphans as they are told."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[3]
SECONDS = 30
QUICK = {"first_delay_seconds": 0.05, "longest_delay_seconds": 0.2, "reset_after_seconds": 5}

READY = "import pathlib, time, sys, os, signal, subprocess\nname = '{name}'\npathlib.Path(name + '.ready').touch()\n"
LIVES = "time.sleep(600)\n"
NOTES_ITS_END = """
def end(*_):
    with open('ended', 'a') as file: file.write(name + ' ')
    sys.exit()
signal.signal(signal.SIGTERM, end)
"""
IGNORES_SIGTERM = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
NOTES_EACH_LIFE = """
lives = pathlib.Path('lives')
lives.write_text(lives.read_text() + 'x' if lives.exists() else 'x')
"""
DIES_WHEN_TOLD = f"""{NOTES_EACH_LIFE}
while not pathlib.Path('die-' + str(len(lives.read_text()))).exists():
    time.sleep(0.02)
"""
LEAVES_AN_ORPHAN = """
orphan = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)
with open('orphans', 'a') as file: print(orphan.pid, file=file)
"""


class Run:
    """One supervisor under test, its folder and its children."""

    def __init__(self, folder: Path, spec: dict[str, Any], output: int | None = None) -> None:
        self.folder = folder
        self.output = folder / "output.txt"
        self.output.touch()
        descriptor = output or os.open(self.output, os.O_WRONLY | os.O_TRUNC)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fixtures.supervised", str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(descriptor)
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(spec).encode())
        self.process.stdin.close()

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.02)

    def until_all_are_ready(self) -> list[psutil.Process]:
        """The processes below the supervisor by then."""
        self.until(lambda: (self.folder / "all.ready").exists() or self.process.poll() is not None)
        assert self.process.poll() is None, self.text()
        return psutil.Process(self.process.pid).children(recursive=True)

    def until_set_up(self, name: str, life: int) -> None:
        """In its so many-th life; the very first try fails."""
        tries = self.folder / f"{name}.set-up"
        self.until(lambda: tries.exists() and tries.stat().st_size == life + 1)

    def let_die(self, name: str, life: int) -> None:
        self.until_set_up(name, life)
        (self.folder / f"die-{life}").touch()

    def ends(self) -> int:
        return self.process.wait(SECONDS)

    def text(self) -> str:
        return self.output.read_text()


Supervise = Callable[..., Run]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Supervise]:
    runs = []

    def start(output: int | None = None, **spec: Any) -> Run:
        children = {name: code.replace("{name}", name) for name, code in spec.get("children", {}).items()}
        runs.append(Run(tmp_path, {"starts": [[name] for name in children], **spec, "children": children}, output))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


def gone(processes: list[psutil.Process], seconds: float = 5) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.slow
def test_a_child_that_dies_is_started_again_with_doubling_delays_up_to_the_longest(supervise: Supervise) -> None:
    run = supervise(pace=QUICK, children={"asr": READY + DIES_WHEN_TOLD})
    for life in range(1, 6):
        run.let_die("asr", life)
    run.until_set_up("asr", 6)
    assert re.findall(r"again in (\S+) s", run.text()) == ["0.05", "0.1", "0.2", "0.2", "0.2"]


@pytest.mark.slow
def test_a_child_that_was_ready_for_long_starts_again_with_the_first_delay(supervise: Supervise) -> None:
    run = supervise(pace=QUICK, children={"asr": READY + DIES_WHEN_TOLD})
    run.let_die("asr", 1)
    run.let_die("asr", 2)
    run.until_set_up("asr", 3)
    time.sleep(1.1 * QUICK["reset_after_seconds"])
    run.let_die("asr", 3)
    run.until_set_up("asr", 4)
    assert re.findall(r"again in (\S+) s", run.text()) == ["0.05", "0.1", "0.05"]


def test_a_child_is_set_up_after_each_start_and_again_when_that_did_not_work(supervise: Supervise) -> None:
    run = supervise(pace=QUICK, children={"store": READY + DIES_WHEN_TOLD})
    run.let_die("store", 1)
    run.until_set_up("store", 2)
    assert "store     | it is not set up yet: not at the first try" in run.text()


@pytest.mark.lesson("L50")
def test_a_child_that_never_becomes_ready_stops_everything_after_five_deaths(supervise: Supervise) -> None:
    hopeless = (
        'import json\nprint(json.dumps({"event": "no_voice", "level": "error", "cause": "flu"}))\nraise SystemExit(3)'
    )
    run = supervise(pace=QUICK, children={"store": READY + NOTES_ITS_END + LIVES, "asr": hopeless})
    assert run.ends() == 1
    text = run.text()
    assert "gave up: asr died 5 times without becoming ready." in text
    assert text.count("starting it again") == 4
    assert (run.folder / "ended").read_text() == "store "
    assert "asr       | no_voice cause=flu" in text.split("again in")[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_in_order_and_leaves_no_process(supervise: Supervise, number: signal.Signals) -> None:
    children = dict.fromkeys(("store", "worker", "door"), READY + NOTES_ITS_END + LIVES)
    run = supervise(children=children, starts=[list(children)], stops=[["door"], ["worker"], ["store"]])
    processes = run.until_all_are_ready()
    assert len(processes) == 3
    run.process.send_signal(number)
    assert run.ends() == 0
    assert (run.folder / "ended").read_text() == "door worker store "
    assert gone(processes)


def test_a_child_may_finish_its_work_before_it_ends(supervise: Supervise) -> None:
    drains = READY + NOTES_ITS_END.replace("    with", "    time.sleep(1)\n    with") + LIVES
    run = supervise(children={"asr": drains})
    run.until_all_are_ready()
    run.process.send_signal(signal.SIGTERM)
    assert run.ends() == 0
    assert (run.folder / "ended").read_text() == "asr "


def test_a_child_that_does_not_stop_in_time_is_killed(supervise: Supervise) -> None:
    run = supervise(stop_seconds=0.3, children={"asr": IGNORES_SIGTERM.join(["import signal\n", READY]) + LIVES})
    processes = run.until_all_are_ready()
    run.process.send_signal(signal.SIGINT)
    assert run.ends() == 0
    assert gone(processes)


def test_a_second_interrupt_kills_at_once(supervise: Supervise) -> None:
    run = supervise(stop_seconds=600, children={"asr": IGNORES_SIGTERM.join(["import signal\n", READY]) + LIVES})
    processes = run.until_all_are_ready()
    run.process.send_signal(signal.SIGINT)
    run.until(lambda: "Stopping" in run.text())
    run.process.send_signal(signal.SIGINT)
    assert run.ends() == 0
    assert gone(processes)


def test_an_interrupt_while_children_are_still_starting_stops_them(supervise: Supervise) -> None:
    run = supervise(children={"asr": "import pathlib, time\npathlib.Path('runs').touch()\n" + LIVES})
    run.until((run.folder / "runs").exists)
    processes = psutil.Process(run.process.pid).children()
    run.process.send_signal(signal.SIGINT)
    assert run.ends() == 0
    assert processes
    assert gone(processes)


def test_a_terminal_that_goes_away_stops_nothing_and_hinders_no_stop(supervise: Supervise) -> None:
    talks = READY + NOTES_ITS_END + "while True:\n    print('x' * 1000, flush=True)\n    time.sleep(0.01)\n"
    reading, writing = os.pipe()
    run = supervise(output=writing, children={"asr": talks})
    processes = run.until_all_are_ready()
    os.close(reading)
    time.sleep(0.5)
    assert all(process.is_running() for process in processes)
    run.process.send_signal(signal.SIGINT)
    assert run.ends() == 0
    assert (run.folder / "ended").read_text() == "asr "
    assert gone(processes)


def test_what_a_dead_child_leaves_is_ended_and_reaped_before_it_starts_again(supervise: Supervise) -> None:
    """The orphan is in a session of its own and holds its parent's output open."""
    run = supervise(pace=QUICK, children={"asr": READY + NOTES_EACH_LIFE + LEAVES_AN_ORPHAN + LIVES})
    child, orphan = run.until_all_are_ready()
    child.kill()
    run.until(lambda: (run.folder / "lives").read_text() == "xx")
    assert not psutil.pid_exists(orphan.pid)
    assert not psutil.pid_exists(child.pid)
    orphans = run.folder / "orphans"
    run.until(lambda: len(orphans.read_text().split()) == 2)
    second = int(orphans.read_text().split()[1])
    run.process.send_signal(signal.SIGINT)
    assert run.ends() == 0
    assert not psutil.pid_exists(second)


def test_killing_the_supervisor_leaves_no_stand_in(supervise: Supervise) -> None:
    run = supervise(children={"asr": IGNORES_SIGTERM.join(["import signal\n", READY]) + LIVES})
    processes = run.until_all_are_ready()
    run.process.kill()
    assert gone(processes)


@pytest.mark.slow
def test_killing_the_supervisor_leaves_no_server_and_they_start_again(supervise: Supervise) -> None:
    run = supervise(starts=[["nats", "postgres", "s3"]])
    processes = run.until_all_are_ready()
    assert {"nats-server", "postgres", "weed"} <= {process.name() for process in processes}
    run.process.kill()
    assert gone(processes)
    (run.folder / "logs").rename(run.folder / "logs-before")
    (run.folder / "all.ready").unlink()
    again = supervise(starts=[["nats", "postgres", "s3"]])
    again.until_all_are_ready()
    again.process.send_signal(signal.SIGINT)
    assert again.ends() == 0


def test_a_killed_server_comes_back_without_its_old_children(supervise: Supervise) -> None:
    run = supervise(pace=QUICK, starts=[["postgres"]])
    family = run.until_all_are_ready()
    postmaster = next(process for process in family if process.ppid() == run.process.pid)
    os.kill(postmaster.pid, signal.SIGKILL)
    run.until(lambda: (run.folder / "postgres/postmaster.pid").exists() and "ready" in _status(run))
    assert gone(family)
    run.process.send_signal(signal.SIGINT)
    assert run.ends() == 0
    assert "starting it again in 0.1" not in run.text()


def _status(run: Run) -> str:
    """The last line of its file says `ready` when sessions are let in."""
    lines = (run.folder / "postgres/postmaster.pid").read_text().splitlines()
    fresh = lines and psutil.pid_exists(int(lines[0]))
    return lines[-1] if fresh else ""
