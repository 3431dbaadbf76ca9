"""How long recordings in a bucket are: by their heads and tails, and by downloading each.

Seven formats, two to fifteen minutes or half an hour, in a real SeaweedFS on the same machine, so that no network slows
the downloads. A download is what a script does: a temporary file, and FFmpeg's word on how long it is; eight at once as
the probe, or one after the other. What is right was found by decoding all of each file.
"""

import io
import itertools
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import av

from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.cli import servers
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator.duration_probe import DurationProbe, Measured
from tests.bench.table import Figure, Row
from tests.fixtures.memory_source import MemorySource
from tests.fixtures.servers import running, s3_settings_of
from tests.integration.audio.media import make

SECONDS = (120.0, 240.3, 420.41, 600.013, 780.5, 900.7)
LONG_SECONDS = (1800.0,)
FORMATS = ("wav", "flac", "mp3", "vorbis", "opus", "m4a", "aiff")
AT_ONCE = 8
RIGHT_SECONDS = 0.01
MB = 1_000_000


@dataclass(frozen=True)
class Kind:
    content: bytes
    seconds: float


@dataclass(frozen=True)
class Taken:
    name: str
    wall_seconds: float
    seconds: list[float]
    bytes_read: int


def run(objects: int, lengths: Sequence[float] = SECONDS) -> list[Row]:
    with running(servers.s3, "s3") as s3, Sandbox(SandboxSettings()) as sandbox:
        store = ObjectStore(s3_settings_of(s3))
        store.make_ready()
        kinds = [_kind(sandbox, extension, seconds) for seconds in lengths for extension in FORMATS]
        expected: dict[str, Kind] = {}
        for number, kind in zip(range(objects), itertools.cycle(kinds)):
            expected[f"archive/{number:06}"] = kind
            store.put(f"archive/{number:06}", kind.content, "application/octet-stream")
        taken = [
            _probed(store, sandbox, expected),
            _downloaded(store, expected, AT_ONCE),
            _downloaded(store, expected, 1),
        ]
    return [_row(one, list(expected.values())) for one in taken]


def _kind(sandbox: Sandbox, extension: str, seconds: float) -> Kind:
    content = make(extension, seconds, layout="stereo")
    return Kind(content, probe(sandbox, MemorySource(content)).duration_seconds)


def _probed(store: ObjectStore, sandbox: Sandbox, keys: Iterable[str]) -> Taken:
    began = time.perf_counter()
    found = list(DurationProbe(sandbox, AT_ONCE).measure((store, key) for key in keys))
    wall = time.perf_counter() - began
    measured = [one for one in found if isinstance(one, Measured)]
    return Taken(
        f"head and tail, {AT_ONCE} at once",
        wall,
        [one.seconds for one in measured],
        sum(one.bytes_read for one in found),
    )


def _downloaded(store: ObjectStore, keys: Iterable[str], at_once: int) -> Taken:
    def each(key: str) -> tuple[float, int]:
        size = store.stat(key).size_bytes
        with tempfile.TemporaryFile() as file:
            file.write(store.read(key, 0, size))
            file.seek(io.SEEK_SET)
            with av.open(file, "r") as container:
                return float(container.duration or 0) / av.time_base, size

    began = time.perf_counter()
    with ThreadPoolExecutor(at_once) as threads:
        found = list(threads.map(each, keys))
    wall = time.perf_counter() - began
    name = f"download each, {at_once} at once" if at_once > 1 else "download one after the other"
    return Taken(name, wall, [seconds for seconds, _ in found], sum(size for _, size in found))


def _row(taken: Taken, expected: list[Kind]) -> Row:
    right = sum(abs(s - kind.seconds) <= RIGHT_SECONDS for s, kind in zip(taken.seconds, expected, strict=True))
    whole = sum(len(kind.content) for kind in expected)
    figures = [
        Figure("wall", f"{taken.wall_seconds:.1f} s"),
        Figure("objects a second", f"{len(expected) / taken.wall_seconds:.0f}"),
        Figure("read", f"{taken.bytes_read / MB:,.0f} MB, {100 * taken.bytes_read / whole:.2f} %"),
        Figure("right to 10 ms", f"{right} of {len(expected)}"),
    ]
    return Row(name=taken.name, figures=figures)
