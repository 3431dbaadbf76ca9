"""NeMo's manifests: what its readers want of each line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ai2text.cli.rules.violation import Violation, documents, is_file_below, is_number

MANIFESTS = "*_manifest.json"
RATES = ("sampling_rate", "sample_rate")


def violations(folder: Path) -> Iterator[Violation]:
    for manifest in sorted(folder.glob(MANIFESTS)):
        with manifest.open("rb") as lines:
            for number, row in documents(lines, manifest.name):
                found = [row.why] if isinstance(row, Violation) else _faults(row, folder)
                yield from (Violation(path=manifest.name, line=number, why=why) for why in found)


def rows(folder: Path) -> int:
    return sum(manifest.read_bytes().count(b"\n") for manifest in folder.glob(MANIFESTS))


def _faults(row: dict[str, Any], folder: Path) -> Iterator[str]:
    if not is_file_below(folder, row.get("audio_filepath")):
        yield f"audio_filepath {row.get('audio_filepath')!r} is no file beside the manifest."
    if not is_number(row.get("duration")) or row["duration"] <= 0:
        yield f"duration {row.get('duration')!r} is no number of seconds above 0."
    if not isinstance(row.get("text"), str):
        yield "there is no text."
    if "offset" in row and (not is_number(row["offset"]) or row["offset"] < 0):
        yield f"offset {row['offset']!r} is no number of seconds."
    for rate in RATES:
        if "offset" in row and rate in row:
            yield f"{rate} beside offset makes NeMo cut the row short."
