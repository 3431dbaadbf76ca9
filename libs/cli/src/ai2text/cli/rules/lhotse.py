"""lhotse's manifests: what its validation wants, as far as it can be seen without decoding."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ai2text.cli.rules.violation import Violation, documents, is_file_below

CUTS = "lhotse/*/cuts.jsonl.gz"


def violations(folder: Path) -> Iterator[Violation]:
    for file in sorted(folder.glob(CUTS)):
        path = file.relative_to(folder).as_posix()
        with gzip.open(file) as lines:
            for number, cut in documents(iter(lines), path):
                found = [cut.why] if isinstance(cut, Violation) else _faults(cut, folder)
                yield from (Violation(path=path, line=number, why=why) for why in found)


def rows(folder: Path) -> int:
    total = 0
    for file in folder.glob(CUTS):
        with gzip.open(file) as lines:
            total += sum(1 for _ in lines)
    return total


def _faults(cut: dict[str, Any], folder: Path) -> Iterator[str]:
    recording = cut["recording"]
    for source in recording["sources"]:
        if not is_file_below(folder, source["source"]):
            yield f"the source {source['source']!r} is no file of the version."
    samples = round(recording["duration"] * recording["sampling_rate"])
    if recording["num_samples"] != samples:
        yield f"num_samples is {recording['num_samples']}, and the duration makes it {samples}."
    if cut["start"] + cut["duration"] > recording["duration"] + 1e-3:
        yield "the cut ends after its recording."
    for one in cut["supervisions"]:
        if one["start"] < 0 or one["start"] + one["duration"] > cut["duration"] + 1e-3:
            yield "a supervision is not within its cut, whose beginning is its 0."
