"""What ingestion costs: many small files at once, one very large one, and a large folder in which nothing changed.

The real service against real servers; each figure beside a plain loop over the same files in the same run.
"""

import hashlib
import tempfile
import threading
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path
from random import Random
from uuid import uuid4

from ai2text.audio.probe import probe
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.audio.source import FileSource
from ai2text.common.object_store import ObjectStore
from ai2text.common.sources import Folder
from ai2text.ingestion.comparison import Comparison
from ai2text.ingestion.folder_files import FolderFiles
from ai2text.ingestion.ledger import Entry, Ledger, Stage
from ai2text.ingestion.scan import Scan
from tests.bench.table import Figure, Row
from tests.fixtures.ingestion_service import IngestionService
from tests.fixtures.service_process import on_own_servers

RATE_HZ = 16_000
BLOCK_BYTES = 1 << 20
MEGABYTE = 1 << 20
DAY_SECONDS = 86_400


def many_files(count: int) -> list[Row]:
    """One-second files, renamed into the folder all at once."""
    with _home() as home, _service(home) as service:
        outside = home / "outside"
        outside.mkdir()
        for number in range(count):
            _write_wav(outside / f"{number}.wav", _noise(number, 2 * RATE_HZ))
        plain = _plain_loop(sorted(outside.iterdir()), service.store)
        idle = service.memory_bytes()
        with _peak(service) as peak:
            dropped = time.time()
            outside.rename(service.inbox / "dropped")
            service.until(lambda: service.count() >= count, 3600)
            service.until(lambda: len(service.logged("transcription_requested")) == count)
        announced = sorted(_seconds(record["timestamp"]) for record in service.logged("transcription_requested"))
    taken = [at - dropped for at in announced]
    return [
        _many("sha256, probe and put in a plain loop", count, plain, "-", "-"),
        _many(
            "ingestion, drop to announcement",
            count,
            taken[-1],
            f"{taken[int(0.95 * count)]:.1f} s",
            f"{(peak[0] - idle) / MEGABYTE:.0f} MB",
        ),
    ]


def large_file(size_bytes: int) -> list[Row]:
    """One long WAV."""
    with _home() as home, _service(home) as service:
        path = home / "long.wav"
        _write_wav(path, _noise(1, BLOCK_BYTES), size_bytes // BLOCK_BYTES)
        began = time.monotonic()
        _copy_plainly(path, service.store)
        plain = time.monotonic() - began
        idle = service.memory_bytes()
        with _peak(service) as peak:
            began = time.monotonic()
            path.rename(service.inbox / "long.wav")
            service.until(lambda: service.count() == 1, 3600)
            seconds = time.monotonic() - began
    return [
        _large("sha256, then put", size_bytes, plain, "-", "100 %"),
        _large(
            "ingestion, drop to announcement",
            size_bytes,
            seconds,
            f"{(peak[0] - idle) / MEGABYTE:.0f} MB",
            f"{100 * plain / seconds:.0f} %",
        ),
    ]


def unchanged_folder(count: int) -> list[Row]:
    """Compared with its ledger; beside it, a bare walk that looks at each file."""
    with _home() as home:
        folder = Folder(path=home / "in")
        ledger = Ledger(home / "ledger.sqlite3")
        for number in range(count):
            place = folder.path / str(number % 100)
            if number < 100:
                place.mkdir(parents=True)
            (place / f"{number}.wav").touch()
        scan = Scan(folder.path, FolderFiles(folder))
        for seen in scan.everything():
            if seen.signature:
                ledger.put(Entry(name=seen.name, signature=seen.signature, stage=Stage.DONE, recording_id=seen.name))
        began = time.monotonic()
        walked = sum(path.stat().st_size == 0 for path in folder.path.rglob("*.wav"))
        bare = time.monotonic() - began
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            seconds, memory, differences = fresh.submit(_compare, folder, ledger.path).result()
        ledger.close()
        assert (walked, differences) == (count, 0)
    return [
        _unchanged("pathlib's rglob and stat", bare, "-"),
        _unchanged("scan and comparison with the ledger", seconds, f"{memory / MEGABYTE:.0f} MB"),
    ]


def _compare(folder: Folder, ledger: Path) -> tuple[float, int, int]:
    """Seconds, bytes of memory above what the process had, differences; in a process of its own."""
    scan = Scan(folder.path, FolderFiles(folder))
    before, began = _most_memory_bytes(), time.monotonic()
    with Comparison(ledger) as comparison:
        comparison.add(scan.everything())
        differences = len([*comparison.unknown(), *comparison.gone(), *comparison.without_sidecar()])
    return time.monotonic() - began, _most_memory_bytes() - before, differences


def _most_memory_bytes() -> int:
    """Of this process since it began; getrusage's includes its parent's."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


def _many(name: str, count: int, seconds: float, p95: str, memory: str) -> Row:
    figures = {"wall": f"{seconds:.1f} s", "files a second": f"{count / seconds:.0f}", "p95": p95, "memory": memory}
    return Row(name, [Figure(*figure) for figure in figures.items()])


def _large(name: str, size_bytes: int, seconds: float, memory: str, share: str) -> Row:
    rate = f"{size_bytes / MEGABYTE / seconds:.0f} MB/s"
    figures = {"wall": f"{seconds:.1f} s", "rate": rate, "memory above idle": memory, "of the plain rate": share}
    return Row(name, [Figure(*figure) for figure in figures.items()])


def _unchanged(name: str, seconds: float, memory: str) -> Row:
    return Row(name, [Figure("wall", f"{seconds:.2f} s"), Figure("memory", memory)])


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ai2text-bench-") as home:
        yield Path(home)


@contextmanager
def _service(home: Path) -> Iterator[IngestionService]:
    folders = '[[folder]]\nname = "inbox"\npath = "inbox"\n'
    with on_own_servers() as told, IngestionService(home, told, folders, {"AI2TEXT_LOG_LEVEL": "info"}) as service:
        time.sleep(3)  # until it has warmed up
        yield service


@contextmanager
def _peak(service: IngestionService) -> Iterator[list[int]]:
    """The most memory that the service had, ten times a second."""
    peak, ended = [service.memory_bytes()], threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            peak[0] = max(peak[0], service.memory_bytes())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield peak
    finally:
        ended.set()
        watching.join()


def _plain_loop(paths: list[Path], store: ObjectStore) -> float:
    with Sandbox(SandboxSettings()) as sandbox:
        began = time.monotonic()
        for path in paths:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                probe(sandbox, FileSource(file), max_duration_seconds=DAY_SECONDS)
                file.seek(0)
                store.put_verified(f"plain/{digest}", file, path.stat().st_size, digest, "application/octet-stream")
        return time.monotonic() - began


def _copy_plainly(path: Path, store: ObjectStore) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        store.put_verified(f"plain/{uuid4()}", file, path.stat().st_size, digest, "application/octet-stream")


def _noise(number: int, size_bytes: int) -> bytes:
    return Random(number).randbytes(size_bytes)  # noqa: S311 - sound, not a secret


def _write_wav(path: Path, block: bytes, times: int = 1) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        for _ in range(times):
            file.writeframes(block)


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()
