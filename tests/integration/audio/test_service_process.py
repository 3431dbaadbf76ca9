"""The sandbox in a service process of its own: what it imports, and what is left of it after a SIGKILL."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

SERVICE = """
import pathlib, sys, threading
print("main imported", flush=True)
from ai2text.audio.decode import decode
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from tests.fixtures.memory_source import MemorySource
from tests.integration.audio.media import make

if __name__ == "__main__":
    sandbox = Sandbox(SandboxSettings(children=2))
    busy, other = (decode(sandbox, MemorySource(make("w64", 200.0))) for _ in range(2))
    print(len(next(busy)) > 0, len(next(other)) > 0, flush=True)
    sys.stdin.read()
    {at_the_end}
"""


def temporary(folder: Path) -> Path:
    """Where the service and all it starts would put temporary files."""
    place = folder / "temporary"
    place.mkdir(exist_ok=True)
    return place


def start(folder: Path, at_the_end: str = "sandbox.close()") -> subprocess.Popen[str]:
    """A service with two children in the middle of their jobs."""
    script = folder / "service.py"
    script.write_text(SERVICE.format(at_the_end=at_the_end))
    root = str(Path(__file__).parents[3])
    service = subprocess.Popen(
        [sys.executable, "-W", "error", str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": root, "PATH": "", "TMPDIR": str(temporary(folder))},
    )
    assert service.stdout
    assert service.stdout.readline() == "main imported\n"
    assert service.stdout.readline() == "True True\n"
    return service


def family(service: subprocess.Popen[str]) -> list[psutil.Process]:
    """The fork server and its two children."""
    processes = psutil.Process(service.pid).children(recursive=True)
    assert len(processes) == 3
    return processes


def left_after(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.lesson("L06")
def test_l06_after_a_sigkill_of_the_service_no_process_and_no_file_is_left(tmp_path: Path) -> None:
    with start(tmp_path) as service:
        processes = family(service)
        service.send_signal(signal.SIGKILL)
        assert left_after(processes, 2.0) == []
        assert list(temporary(tmp_path).iterdir()) == []


def test_after_a_sigkill_of_the_fork_server_its_children_are_gone(tmp_path: Path) -> None:
    with start(tmp_path) as service:
        server, *children = family(service)
        server.kill()
        assert left_after(children, 2.0) == []


@pytest.mark.lesson("L50")
@pytest.mark.parametrize("at_the_end", ["sandbox.close()", "pass"])
def test_a_service_that_returns_leaves_nothing_and_says_nothing(tmp_path: Path, at_the_end: str) -> None:
    with start(tmp_path, at_the_end) as service:
        processes = family(service)
        _, complaints = service.communicate(timeout=20)
        assert (service.returncode, complaints) == (0, "")
        assert left_after(processes, 2.0) == []


def test_ctrl_c_in_the_terminal_does_not_end_the_children(tmp_path: Path) -> None:
    with start(tmp_path, "print(sum(map(len, busy)) > 0)") as service:
        for process in family(service):
            process.send_signal(signal.SIGINT)
        said, complaints = service.communicate(timeout=20)
        assert (said, complaints) == ("True\n", "")


def test_children_never_import_the_main_module_of_the_service(tmp_path: Path) -> None:
    with start(tmp_path) as service:
        said, _ = service.communicate(timeout=20)
        assert "main imported" not in said


WITHOUT_SECCOMP = """
import ctypes, errno, struct
from ai2text.audio import seccomp
from ai2text.audio.seccomp import _step

PRCTL = {"x86_64": 157, "aarch64": 167}[__import__("platform").machine()]
steps = [
    _step(seccomp.LOAD_WORD, seccomp.NUMBER_AT),
    _step(seccomp.JUMP_IF_EQUAL, PRCTL, 0, 3),
    _step(seccomp.LOAD_WORD, seccomp.ARGUMENTS_AT),
    _step(seccomp.JUMP_IF_EQUAL, seccomp.PR_SET_SECCOMP, 0, 1),
    _step(seccomp.RETURN, seccomp.RET_ERRNO | errno.EINVAL),
    _step(seccomp.RETURN, seccomp.RET_ALLOW),
]
code = ctypes.create_string_buffer(b"".join(steps))
assert seccomp.prctl(seccomp.PR_SET_NO_NEW_PRIVS, 1)
assert seccomp.prctl(seccomp.PR_SET_SECCOMP, 2, struct.pack("HP", len(steps), ctypes.addressof(code)))

from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from tests.fixtures.memory_source import MemorySource
from tests.integration.audio.media import make

with Sandbox(SandboxSettings(children=2)) as sandbox:
    running = sandbox.run(MemorySource(make("wav", 200.0)), sample_rate_hz=16_000, max_duration_seconds=1000)
    next(running)
    print(probe(sandbox, MemorySource(make("wav"))).duration_seconds)
    running.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="there is no seccomp to be missing")
def test_without_seccomp_it_works_under_limits_and_warns_once(tmp_path: Path) -> None:
    script = tmp_path / "service.py"
    script.write_text(WITHOUT_SECCOMP)
    env = {"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": ""}
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, env=env, check=True)
    assert run.stdout.count("sandbox_without_seccomp") == 1
    assert run.stdout.endswith("2.0\n")
