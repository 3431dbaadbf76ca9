import os
import signal
import struct
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from ai2text.audio.decode import decode
from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.audio.source import FileSource
from ai2text.common.errors import Ai2TextError, ObjectChanged, ObjectNotFound, Refused, StoreUnavailable, Unavailable
from tests.fixtures.memory_source import MemorySource
from tests.integration.audio.media import SAMPLES, EndlessSource, make


def ulaw_header(size_bytes: int, sample_rate_hz: int = 8000) -> bytes:
    form = struct.pack("<IHHIIHH", 16, 7, 1, sample_rate_hz, sample_rate_hz, 1, 8)
    return (
        struct.pack("<4sI4s4s", b"RIFF", size_bytes + 36, b"WAVE", b"fmt ")
        + form
        + struct.pack("<4sI", b"data", size_bytes)
    )


@dataclass
class Interrupted:
    """A recording; before its bytes are handed out for the n-th time, something happens."""

    content: bytes
    happens: Callable[[], object]
    at_read: int = 3
    reads: int = field(default=0, init=False)

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        self.reads += 1
        if self.reads == self.at_read:
            self.happens()
        return self.content[offset : offset + length]


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def gone(pids: list[int]) -> bool:
    """Within five seconds."""
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=5)
    return not alive


def alone(sandbox: Sandbox) -> int:
    (pid,) = sandbox.child_pids()
    return pid


def test_each_job_gets_a_child_of_its_own_that_ends_with_it() -> None:
    pids: list[int] = []
    with Sandbox(SandboxSettings(children=1)) as sandbox:
        for _ in range(3):
            probe(sandbox, Interrupted(make("wav", 30.0), lambda: pids.append(alone(sandbox))))
        assert sandbox.child_pids() == []
        assert gone(pids)
    assert len(set(pids)) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="confinement is read from /proc")
def test_a_child_is_confined_in_every_way() -> None:
    with (
        Sandbox(SandboxSettings(children=1)) as sandbox,
        closing(decode(sandbox, MemorySource(make("w64", 200.0)))) as job,
    ):
        next(job)
        child = psutil.Process(alone(sandbox))
        assert status(child.pid)["Seccomp"] == "2"
        assert status(child.pid)["NoNewPrivs"] == "1"
        assert status(child.pid)["Threads"] == "1"
        assert status(child.ppid())["Threads"] == "1", "a fork server with threads must not fork"
        assert child.rlimit(psutil.RLIMIT_AS) == (1 << 30, 1 << 30)
        assert child.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_CORE) == (0, 0)
        assert child.rlimit(psutil.RLIMIT_NOFILE) == (4, 4)
        assert child.rlimit(psutil.RLIMIT_CPU)[0] <= 40


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may look")
def test_a_child_holds_no_descriptor_but_its_connection() -> None:
    with (
        Sandbox(SandboxSettings(children=2)) as sandbox,
        closing(decode(sandbox, MemorySource(make("w64", 200.0)))) as job,
    ):
        next(job)
        open_files = {link.name: str(link.readlink()) for link in Path(f"/proc/{alone(sandbox)}/fd").iterdir()}
    assert set(open_files) == {"0", "1", "2", "3"}
    assert {open_files[name] for name in "012"} == {"/dev/null"}
    assert open_files["3"].startswith("socket:")


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ObjectChanged("other"), ObjectNotFound("gone")])
def test_an_error_of_the_source_arrives_unchanged_and_the_next_job_works(error: Ai2TextError) -> None:
    def fail() -> None:
        raise error

    with Sandbox(SandboxSettings(children=1)) as sandbox:
        with pytest.raises(type(error)) as caught:
            probe(sandbox, Interrupted(make("wav", 30.0), fail))
        assert caught.value is error
        assert probe(sandbox, MemorySource(make("wav"))).duration_seconds == 2.0


@pytest.mark.parametrize("how", [signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE, signal.SIGBUS])
def test_a_crash_costs_its_job_and_no_other(how: signal.Signals) -> None:
    with Sandbox(SandboxSettings(children=1)) as sandbox:
        with pytest.raises(Refused, match=how.name) as caught:
            probe(sandbox, Interrupted(make("wav", 30.0), lambda: os.kill(alone(sandbox), how)))
        assert caught.value.code == "decoder_crashed"
        assert probe(sandbox, MemorySource(make("wav"))).duration_seconds == 2.0


def test_a_child_ended_from_outside_is_not_held_against_the_recording() -> None:
    """The machine is short of memory or somebody stops the service: the same recording may well succeed later."""
    with Sandbox(SandboxSettings(children=1)) as sandbox:
        recording = Interrupted(make("wav", 30.0), lambda: os.kill(alone(sandbox), signal.SIGKILL))
        with pytest.raises(Unavailable, match="SIGKILL"):
            probe(sandbox, recording)
        assert probe(sandbox, recording).duration_seconds == 30.0


def test_the_end_of_the_fork_server_costs_the_jobs_under_way_a_repetition() -> None:
    with Sandbox(SandboxSettings(children=1)) as sandbox:
        recording = Interrupted(
            make("wav", 30.0), lambda: os.kill(psutil.Process(alone(sandbox)).ppid(), signal.SIGKILL)
        )
        with pytest.raises(Unavailable):
            probe(sandbox, recording)
        assert probe(sandbox, recording).duration_seconds == 30.0


def test_other_children_do_not_notice_a_crash() -> None:
    with Sandbox(SandboxSettings(children=2)) as sandbox:
        chunks = decode(sandbox, MemorySource(make("w64", 200.0)))
        heard = len(next(chunks))
        bystander = alone(sandbox)

        def crash() -> None:
            (other,) = set(sandbox.child_pids()) - {bystander}
            os.kill(other, signal.SIGSEGV)

        with pytest.raises(Refused):
            probe(sandbox, Interrupted(make("wav", 30.0), crash))
        heard += sum(map(len, chunks))
    assert heard == 200 * 16_000


def test_a_standstill_ends_the_child() -> None:
    with Sandbox(SandboxSettings(children=1, stall_seconds=0.5)) as sandbox:
        recording = Interrupted(make("wav", 30.0), lambda: os.kill(alone(sandbox), signal.SIGSTOP))
        with pytest.raises(Refused, match="standstill") as caught:
            probe(sandbox, recording)
        assert caught.value.code == "timed_out"
        assert probe(sandbox, recording).duration_seconds == 30.0


def test_a_slow_source_or_a_slow_listener_is_no_standstill() -> None:
    patience = threading.Event()
    with Sandbox(SandboxSettings(children=1, stall_seconds=0.3)) as sandbox:
        recording = Interrupted(make("w64", 200.0), lambda: patience.wait(1.0))
        for count, _ in enumerate(decode(sandbox, recording)):
            if count == 1:
                patience.wait(1.0)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are set by prlimit")
@pytest.mark.parametrize("extension", ["mp3", "flac"])
def test_processor_time_without_sound_ends_the_child(extension: str) -> None:
    with Sandbox(SandboxSettings(children=1, cpu_seconds=1)) as sandbox:
        with pytest.raises(Refused, match="processor time") as caught:
            probe(sandbox, EndlessSource(make(extension), 1 << 40))
        assert caught.value.code == "timed_out"
        assert probe(sandbox, MemorySource(make("wav"))).duration_seconds == 2.0


def test_memory_beyond_the_limit_costs_the_job_alone() -> None:
    """512 channels of 64 bits: half a million frames of them, as they are grouped for the resampler, need 2 GB."""
    channels, size = 512, 1 << 32
    form = struct.pack("<IHHIIHH", 16, 3, channels, 48_000, 48_000 * channels * 8, channels * 8, 64)
    head = (
        struct.pack("<4sI4s4s", b"RIFF", 0xFFFFFFFF, b"WAVE", b"fmt ") + form + struct.pack("<4sI", b"data", 0xFFFFFFFF)
    )
    with Sandbox(SandboxSettings(children=1, memory_bytes=1 << 28)) as sandbox:
        with pytest.raises(Refused, match="256 MiB of memory") as caught:
            list(decode(sandbox, EndlessSource(head, size)))
        assert caught.value.code == "decoder_crashed"
        assert probe(sandbox, MemorySource(make("wav"))).duration_seconds == 2.0


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_a_quarter_of_the_memory_is_enough_for_ordinary_recordings(name: str) -> None:
    with Sandbox(SandboxSettings(children=1, memory_bytes=1 << 28)) as sandbox, (SAMPLES / name).open("rb") as file:
        assert sum(map(len, decode(sandbox, FileSource(file)))) > 0


@dataclass
class Hours:
    """That much silence, and the most memory that this process held while it was handed out."""

    hours: int
    sandbox: Sandbox
    resident_bytes: int = 0
    child_bytes: int = 0

    def __post_init__(self) -> None:
        self.sound = EndlessSource(ulaw_header(self.hours * 28_800_000), self.hours * 28_800_000 + 44, b"\xff")
        self.size_bytes = self.sound.size_bytes

    def read(self, offset: int, length: int) -> bytes:
        self.resident_bytes = max(self.resident_bytes, psutil.Process().memory_info().rss)
        if pids := self.sandbox.child_pids():
            self.child_bytes = int(status(pids[0])["VmHWM"].removesuffix(" kB")) << 10
        return self.sound.read(offset, length)


def peaks(hours: int, job: Callable[[Sandbox, Hours], float]) -> tuple[int, int]:
    """Bytes resident in this process and in the child at most."""
    with Sandbox(SandboxSettings(children=1)) as sandbox:
        source = Hours(hours, sandbox)
        assert job(sandbox, source) == hours * 3600
        return source.resident_bytes, source.child_bytes


def probed_seconds(sandbox: Sandbox, source: Hours) -> float:
    return probe(sandbox, source).duration_seconds


def heard_seconds(sandbox: Sandbox, source: Hours) -> float:
    return sum(map(len, decode(sandbox, source))) / 16_000


@pytest.mark.lesson("L05")
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
@pytest.mark.parametrize(("job", "hours"), [(probed_seconds, 10), (heard_seconds, 4)])
def test_memory_does_not_grow_with_the_length_of_a_recording(
    job: Callable[[Sandbox, Hours], float], hours: int
) -> None:
    short, long = peaks(1, job), peaks(hours, job)
    assert long[0] < short[0] + (32 << 20)
    assert long[1] < short[1] + (16 << 20)


@pytest.mark.lesson("L41")
def test_no_more_children_than_were_allowed_serve_many_threads() -> None:
    content = MemorySource(make("flac", 5.0))
    most = 0
    with Sandbox(SandboxSettings(children=2)) as sandbox, ThreadPoolExecutor(8) as threads:
        for media in threads.map(lambda _: probe(sandbox, content), range(40)):
            most = max(most, len(sandbox.child_pids()))
            assert media.duration_seconds == 5.0
    assert most <= 2


def test_closing_the_sandbox_ends_jobs_as_unavailable_and_leaves_no_child() -> None:
    sandbox = Sandbox(SandboxSettings(children=1))
    pids: list[int] = []

    def close() -> None:
        pids.extend(sandbox.child_pids())
        sandbox.close()

    with pytest.raises(Unavailable, match="closed"):
        probe(sandbox, Interrupted(make("wav", 30.0), close))
    with pytest.raises(Unavailable, match="closed"):
        probe(sandbox, MemorySource(make("wav")))
    assert pids
    assert gone(pids)
