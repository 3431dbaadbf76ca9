"""Recordings in somebody's bucket are measured with few of their bytes read, whatever happens to the store."""

import itertools
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common.errors import StoreUnavailable
from ai2text.common.object_store import ObjectStore, StoredObject
from ai2text.common.settings import S3Settings
from ai2text.training_orchestrator.duration_probe import DurationProbe, Measured, Unmeasured
from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.memory_source import MemorySource
from tests.integration.audio.media import make

SEVEN = ("wav", "flac", "mp3", "vorbis", "opus", "m4a", "aiff")
MOST_GROWTH_BYTES = 32 << 20
AT_ONCE = 8


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings()) as pool:
        yield pool


@pytest.fixture
def durations(sandbox: Sandbox) -> DurationProbe:
    return DurationProbe(sandbox, AT_ONCE)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def put(store: ObjectStore, key: str, content: bytes) -> None:
    store.put(key, content, "application/octet-stream")


def proxied_store(settings: S3Settings, proxy: FaultProxy) -> ObjectStore:
    return ObjectStore(settings.model_copy(update={"endpoint": proxy.address, "read_timeout_seconds": 5}))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.lesson("L01")
@pytest.mark.lesson("L05")
@pytest.mark.lesson("L06")
def test_l01_a_thousand_objects_are_measured_right_with_a_twentieth_of_their_bytes_read(
    object_store: ObjectStore, sandbox: Sandbox, durations: DurationProbe, temporary: Path
) -> None:
    kinds = [make(extension, seconds, layout="stereo") for extension in SEVEN for seconds in (20.0, 31.7, 45.123)]
    right = [probe(sandbox, MemorySource(content)).duration_seconds for content in kinds]
    keys = [f"corpus/{number:04}" for number in range(1000)]
    for key, content in zip(keys, itertools.cycle(kinds), strict=False):
        put(object_store, key, content)
    process = psutil.Process()
    found: list[Measured | Unmeasured] = []
    opened, resident = 0, 0
    for number, one in enumerate(durations.measure((object_store, key) for key in keys)):
        if number == 200:
            opened, resident = process.num_fds(), process.memory_info().rss
        found.append(one)
    assert process.num_fds() <= opened
    assert process.memory_info().rss - resident < MOST_GROWTH_BYTES
    assert list(temporary.iterdir()) == []
    sizes = 0
    for key, one, seconds in zip(keys, found, itertools.cycle(right), strict=False):
        assert isinstance(one, Measured), one
        assert (one.found.key, one.how) == (key, "header")
        assert one.seconds == pytest.approx(seconds, abs=0.01)
        sizes += one.found.size_bytes
    assert sum(one.bytes_read for one in found) <= 0.05 * sizes


def test_what_a_header_does_not_tell_is_decoded(
    object_store: ObjectStore, sandbox: Sandbox, durations: DurationProbe, temporary: Path
) -> None:
    for extension in ("aac", "amr", "mka", "ts"):
        content = make(extension, 12.0)
        put(object_store, extension, content)
        one = durations.measure_one(object_store, extension)
        assert isinstance(one, Measured)
        assert one.how == "decoded"
        assert one.seconds == probe(sandbox, MemorySource(content)).duration_seconds
    assert list(temporary.iterdir()) == []


@pytest.mark.lesson("L02")
def test_l02_what_cannot_be_measured_is_told_with_its_reason_and_the_rest_goes_on(
    object_store: ObjectStore, durations: DurationProbe
) -> None:
    flac = make("flac", 5.0)
    put(object_store, "right.flac", flac)
    put(object_store, "cut.flac", flac[: len(flac) // 2])
    put(object_store, "text.wav", b"these are words\n" * 1000)
    put(object_store, "nothing.wav", b"")
    put(object_store, "unfinished.mp4", b"\0\0\0\x18ftypisom" + bytes(5000))
    keys = ["missing.wav", "cut.flac", "right.flac", "text.wav", "nothing.wav", "unfinished.mp4", "right.flac"]
    found = list(durations.measure((object_store, key) for key in keys))
    assert [one.seconds if isinstance(one, Measured) else one.reason.code for one in found] == [
        *("missing", "truncated", 5.0, "not_audio", "empty", "truncated", 5.0),
    ]


def test_an_object_that_is_overwritten_meanwhile_is_measured_anew(
    object_store: ObjectStore, durations: DurationProbe
) -> None:
    class Overwritten:
        """By its owner, once, after it was looked at."""

        done = False

        def read_head(self, key: str, length: int) -> tuple[StoredObject, bytes]:
            found, head = object_store.read_head(key, length)
            if not self.done:
                self.done = True
                put(object_store, key, make("flac", 3.0))
            return found, head

        def read(self, key: str, offset: int, length: int, etag: str | None = None) -> bytes:
            return object_store.read(key, offset, length, etag)

    put(object_store, "one.flac", make("flac", 5.0))
    one = durations.measure_one(Overwritten(), "one.flac")
    assert isinstance(one, Measured)
    assert one.seconds == 3.0
    assert one.found == replace(object_store.stat("one.flac"), modified_at=one.found.modified_at)


def test_connections_that_are_cut_cost_nothing_but_time(
    object_store: ObjectStore, s3_settings: S3Settings, s3_proxy: FaultProxy, durations: DurationProbe
) -> None:
    content = make("flac", 5.0)
    keys = [f"{number}.flac" for number in range(60)]
    for key in keys:
        put(object_store, key, content)
    s3_proxy.cut_after(30_000)
    store = proxied_store(s3_settings, s3_proxy)
    found = list(durations.measure((store, key) for key in keys))
    assert [one.seconds for one in found if isinstance(one, Measured)] == [5.0] * 60


def test_a_store_that_goes_away_half_way_stops_all_of_it_and_the_next_time_it_is_whole(
    object_store: ObjectStore, s3_settings: S3Settings, s3_proxy: FaultProxy, durations: DurationProbe
) -> None:
    keys = [f"{number}.wav" for number in range(200)]
    for key in keys:
        put(object_store, key, make("wav", 1.0))
    store = proxied_store(s3_settings, s3_proxy)
    under_way = durations.measure((store, key) for key in keys)
    assert isinstance(next(under_way), Measured)
    s3_proxy.refuse()
    with pytest.raises(StoreUnavailable):
        list(under_way)
    s3_proxy.resume()
    again = list(durations.measure((store, key) for key in keys))
    assert [one.seconds for one in again if isinstance(one, Measured)] == [1.0] * 200


PROBING = """
import sys
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common.object_store import ObjectStore
from ai2text.common.settings import S3Settings
from ai2text.training_orchestrator.duration_probe import DurationProbe

store = ObjectStore(S3Settings())
with Sandbox(SandboxSettings()) as sandbox:
    for one in DurationProbe(sandbox, 8).measure((store, "long.aac") for _ in range(1000)):
        print(one.how, flush=True)
"""


@pytest.mark.lesson("L06")
@pytest.mark.lesson("L15")
@pytest.mark.slow
def test_l06_of_a_probe_that_is_killed_neither_files_nor_processes_are_left(
    object_store: ObjectStore, s3_settings: S3Settings, temporary: Path
) -> None:
    put(object_store, "long.aac", make("aac", 300.0))
    secrets = {
        "AI2TEXT_S3_ENDPOINT": s3_settings.endpoint,
        "AI2TEXT_S3_BUCKET": s3_settings.bucket,
        "AI2TEXT_S3_ACCESS_KEY": s3_settings.access_key,
        "AI2TEXT_S3_SECRET_KEY": s3_settings.secret_key.get_secret_value(),
    }
    probing = subprocess.Popen(
        [sys.executable, "-c", PROBING],
        stdout=subprocess.PIPE,
        env={**os.environ, **secrets, "TMPDIR": str(temporary)},
        text=True,
    )
    assert probing.stdout
    assert probing.stdout.readline() == "decoded\n"
    family = psutil.Process(probing.pid).children(recursive=True)
    assert len(family) >= 2
    probing.send_signal(signal.SIGKILL)
    probing.wait()
    probing.stdout.close()
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []
    assert list(temporary.iterdir()) == []
