"""Damaged recordings by the thousand: each ends as a Media or as a named refusal, within the limits of the sandbox."""

import sys
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from ai2text.audio.probe import probe
from ai2text.audio.refusals import GROUNDS
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common.errors import Refused
from tests.fixtures.memory_source import MemorySource
from tests.integration.audio.media import make
from tests.integration.audio.mutations import Mutation, mutations

SEED = 20_261_121
SETTINGS = SandboxSettings(children=1, memory_bytes=1 << 29, cpu_seconds=5, stall_seconds=20)


@dataclass
class Watched:
    """A recording; each time that bytes of it are asked for, its child, which then waits, is measured."""

    content: bytes
    sandbox: Sandbox
    most_memory: int = field(default=0, init=False)
    """Address space in bytes."""
    most_cpu: float = field(default=0.0, init=False)

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        for pid in self.sandbox.child_pids():
            child = psutil.Process(pid)
            self.most_memory = max(self.most_memory, child.memory_info().vms)
            self.most_cpu = max(self.most_cpu, sum(child.cpu_times()[:2]))
        return self.content[offset : offset + length]


@dataclass
class Ends:
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By format and end."""
    most_memory: int = 0
    most_cpu: float = 0.0

    def add(self, sandbox: Sandbox, mutation: Mutation) -> None:
        source = Watched(mutation.content, sandbox)
        self.counts[mutation.format, ended(sandbox, source)] += 1
        self.most_memory = max(self.most_memory, source.most_memory)
        self.most_cpu = max(self.most_cpu, source.most_cpu)

    def table(self) -> str:
        ends = sorted({end for _, end in self.counts})
        rows = [f"{name:8}" + "".join(f"{self.counts[name, end]:>23}" for end in ends) for name in self._formats()]
        head = " " * 8 + "".join(f"{end:>23}" for end in ends)
        peaks = f"at most {self.most_memory >> 20} MiB of address space, {self.most_cpu:.2f} s of processor time"
        return "\n".join(["", head, *rows, peaks])

    def _formats(self) -> list[str]:
        return sorted({name for name, _ in self.counts})


def ended(sandbox: Sandbox, source: Watched) -> str:
    try:
        media = probe(sandbox, source)
    except Refused as refused:
        return refused.code
    assert media.duration_seconds > 0
    assert media.sample_rate_hz > 0
    assert media.channels > 0
    return "a Media"


@pytest.fixture
def temporary(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files would turn up; the fork server has had its own by then."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def offspring() -> set[int]:
    """Zombies are as good as gone: the fork server is about to see to them."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.add(process.pid)
    return found


@pytest.mark.lesson("L11")
@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are set by prlimit")
@pytest.mark.parametrize("count", [200, pytest.param(2000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
def test_every_damaged_recording_ends_as_media_or_as_a_named_refusal(temporary: Path, count: int) -> None:
    good, ends = MemorySource(make("flac")), Ends()
    with Sandbox(SETTINGS) as sandbox:
        probe(sandbox, good)
        before, descriptors = offspring(), psutil.Process().num_fds()
        for number, mutation in enumerate(mutations(count, SEED + count)):
            ends.add(sandbox, mutation)
            if number % 50 == 0:
                assert probe(sandbox, good).duration_seconds == 2.0
        assert sandbox.child_pids() == []
        psutil.wait_procs([psutil.Process(pid) for pid in offspring() - before if psutil.pid_exists(pid)], timeout=5)
        assert offspring() <= before
        assert psutil.Process().num_fds() <= descriptors
    print(ends.table())  # noqa: T201 - the figures of the run
    assert list(temporary.iterdir()) == []
    assert ends.counts.total() == count
    assert {end for _, end in ends.counts} <= {"a Media", *GROUNDS}
    assert 0 < ends.most_memory <= SETTINGS.memory_bytes
    assert ends.most_cpu <= SETTINGS.cpu_seconds + 1
    assert len({end for _, end in ends.counts}) > 3, "the mutations are too tame"
