"""A version of many rows: how fast it is made of the snapshot's lines, and in how much memory.

As the training-orchestrator does it, from the encoded lines of the snapshot to files that are hashed, each in a process
of its own; only the object store is a folder. Beside it the same bytes, written plainly.
"""

import json
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.definition import Definition, Format, Limits, Segmentation, Selection
from ai2text.common.contracts.identity import recording_id
from ai2text.training_orchestrator.choose_rows import ChosenRows
from ai2text.training_orchestrator.compare_rows import compare_rows
from ai2text.training_orchestrator.dataset import Claim, DatasetFile
from ai2text.training_orchestrator.hashed_file import HashedFile
from ai2text.training_orchestrator.making import Making
from ai2text.training_orchestrator.row_table import RowTable
from ai2text.training_orchestrator.tally import Tally
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.write_plan import write_plan
from ai2text.training_orchestrator.write_version import write_version
from tests.bench.table import Figure, Row
from tests.fixtures.examples import NOW
from tests.fixtures.transcribed import Said, transcribed

DEFINITION = Definition(
    name="bench",
    segmentation=Segmentation.SEGMENTS,
    selection=Selection(duration_seconds=Limits(max=30), rows_per_text=3, hours_per_speaker=500),
    splits={"train": 0.9, "dev": 0.05, "test": 0.05},
    formats=(Format.NEMO, Format.KALDI, Format.LHOTSE),
)
CLAIM = Claim(tenant="default", definition=DEFINITION, version=1, requested_by="bench", created_at=NOW)
SEGMENTS = 10
"""Of each recording."""
SPEAKERS = 5_000
MIB = 1 << 20


class FilesInFolder(VersionFiles):
    """The store is not what is measured."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, _: Claim, written: HashedFile) -> str:
        written.file.seek(0)
        with (self._folder / written.sha256).open("wb") as copy:
            shutil.copyfileobj(written.file, copy)
        return written.sha256

    def blocks(self, file: DatasetFile) -> Iterator[bytes]:
        with (self._folder / file.sha256).open("rb") as stored:
            while block := stored.read(MIB):
                yield block


def snapshot(recordings: int) -> Iterator[bytes]:
    """In the order of the ids, as the catalogue tells them."""
    model = transcribed("model")
    for number in range(recordings):
        said: list[Said] = [
            (
                4.0 * n,
                4.0 * n + 3.5,
                f"Sentence {n} of the recording {number}, with some words more to read.",
                _name(number),
            )
            for n in range(SEGMENTS)
        ]
        sha256 = f"{number:064x}"
        made = transcribed(f"r{number}", said, sha256=sha256, audio_key=f"default/audio/{sha256}")
        yield encode(replace(made, recording_id=f"{number:08x}{model.recording_id[8:]}"))


def _name(number: int) -> str:
    return f"Speaker number {recording_id('speaker', str(number % SPEAKERS))[:8]}"


def build(lines: Path, folder: Path) -> dict[str, float]:
    """Seconds, rows, bytes and the most that was resident."""
    began = time.perf_counter()
    files, tally = FilesInFolder(folder), Tally()
    rows = ChosenRows(DEFINITION, tally)
    with closing(RowTable()) as table, lines.open("rb") as file:
        for line in file:
            recording = decode(TranscribedRecording, line)
            table.add(recording, rows.of(recording))
        report = compare_rows(DEFINITION, table, tally)
        plan = write_plan(files, CLAIM, 1, table, report, shard_bytes=1 << 28)
    write_version(files, Making(claim=CLAIM, plan=plan), [])
    return {
        "seconds": time.perf_counter() - began,
        "rows": report.rows,
        "bytes": sum(path.stat().st_size for path in folder.iterdir()),
        "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _plainly(folder: Path) -> float:
    began = time.perf_counter()
    for path in folder.iterdir():
        with path.open("rb") as file, tempfile.TemporaryFile() as copy:
            _copy(file, copy)
    return time.perf_counter() - began


def _copy(file: BinaryIO, copy: BinaryIO) -> None:
    shutil.copyfileobj(file, copy, MIB)


def measure(rows: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as home, multiprocessing.get_context("spawn").Pool(1) as own:
        lines, folder = Path(home) / "snapshot.jsonl", Path(home) / "files"
        folder.mkdir()
        with lines.open("wb") as file:
            file.writelines(line + b"\n" for line in snapshot(rows // SEGMENTS))
        found = own.apply(build, (lines, folder))
        return {**found, "plainly": _plainly(folder)}


def run(most: int = 1_000_000) -> list[Row]:
    return [_row(measure(rows)) for rows in (most // 2, most)]


def _row(found: dict[str, float]) -> Row:
    rate = found["rows"] / found["seconds"]
    figures = [
        Figure("time", f"{found['seconds']:.0f} s"),
        Figure("rate", f"{rate:,.0f} rows/s"),
        Figure("most memory", f"{found['resident'] / MIB:.0f} MiB"),
        Figure("files", f"{found['bytes'] / MIB:.0f} MiB"),
        Figure("the same bytes copied", f"{found['plainly']:.1f} s"),
    ]
    return Row(name=f"{found['rows']:,.0f} rows", figures=figures)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(int(sys.argv[1]))) + "\n")
