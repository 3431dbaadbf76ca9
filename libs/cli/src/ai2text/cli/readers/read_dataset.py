"""Reads one format of a dataset with the library that it is made for, from that library's own environment.

Run there as a file, in the folder of the version, with the format's name; nothing of this project can be imported.
Prints one JSON object: the reader with its version, the rows it read, and what it stumbled over. Ends with 3 when the
library is not installed.
"""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

MISSING = 3
MOST = 100
Said = Callable[[str], None]


def lhotse(say: Said) -> int:
    """Each cut is decoded, and has as many samples as it says."""
    library, count = import_module("lhotse"), 0
    for path in sorted(Path().glob("lhotse/*/cuts.jsonl.gz")):
        for number, cut in enumerate(library.CutSet.from_file(path), 1):
            count += 1
            for why in _faults(cut, library):
                say(f"{path}, line {number}: {why}")
    return count


def _faults(cut: Any, library: Any) -> Iterator[str]:
    try:
        library.qa.validate(cut)
        audio = cut.load_audio()
    except Exception as exc:  # noqa: BLE001 - whatever a reader raises is what is wanted
        yield f"{type(exc).__name__}: {exc}"
        return
    if audio.shape[-1] != cut.num_samples:
        yield f"{audio.shape[-1]} samples were decoded, not {cut.num_samples}"


def hf(say: Said) -> int:
    """Every row, with its audio found and not decoded: that wants FFmpeg's own libraries too."""
    library, count = import_module("datasets"), 0
    for split, rows in library.load_dataset("hf").items():
        for number, row in enumerate(rows.cast_column("audio", library.Audio(decode=False)), 1):
            count += 1
            if not Path(row["audio"]["path"]).is_file():
                say(f"hf/{split}/metadata.jsonl, line {number}: its audio is not found")
    return count


def hf_parquet(say: Said) -> int:
    """Every row, with the audio in it decoded where that is possible: it wants FFmpeg's own libraries."""
    library, count = import_module("datasets"), 0
    for split, rows in library.load_dataset("hf-parquet").items():
        if not isinstance(rows.features["audio"], library.Audio):
            say(f"hf-parquet/data/{split}: the column audio is read as {rows.features['audio']}")
        for number, row in enumerate(rows.cast_column("audio", library.Audio(decode=False)), 1):
            count += 1
            if not row["audio"]["bytes"] or "/" in row["audio"]["path"]:
                say(f"hf-parquet/data/{split}, row {number}: it has no audio, or a path with folders")
    return count


def common_voice(say: Said) -> int:
    """By lhotse's recipe, which opens every clip."""
    recipes, count = import_module("lhotse.recipes.commonvoice"), 0
    for folder in sorted(Path("common-voice").iterdir()):
        splits = {path.stem for path in folder.glob("*.tsv")} - COMMON_VOICE_OWN
        for split in sorted(splits):
            recordings, supervisions = recipes._prepare_part(folder.name, split, folder)  # noqa: SLF001 - a split at a time
            count += len(supervisions)
            lines = sum(1 for _ in (folder / f"{split}.tsv").open(encoding="utf-8")) - 1
            if not len(recordings) == len(supervisions) == lines:
                say(f"{folder}/{split}.tsv: {len(supervisions)} of {lines} rows were read")
    return count


def webdataset(say: Said) -> int:
    library, count = import_module("webdataset"), 0
    for path in sorted(Path().glob("webdataset/*.tar")):
        for sample in library.WebDataset(str(path), shardshuffle=False, empty_check=False):
            count += 1
            if len([name for name in sample if not name.startswith("__")]) != 2:  # noqa: PLR2004 - audio and json
                say(f"{path}: {sample['__key__']} has {sorted(sample)}")
            json.loads(sample["json"])
    return count


COMMON_VOICE_OWN = {"validated", "invalidated", "other", "clip_durations"}
READERS: dict[str, tuple[tuple[str, ...], Callable[[Said], int]]] = {
    "lhotse": (("lhotse",), lhotse),
    "hf": (("datasets", "torchcodec.encoders"), hf),
    "hf-parquet": (("datasets",), hf_parquet),
    "webdataset": (("webdataset",), webdataset),
    "common-voice": (("lhotse", "lhotse.recipes.commonvoice"), common_voice),
}
"""With the modules that each needs; the first is the reader."""


def main() -> None:
    needed, read = READERS[sys.argv[1]]
    try:
        reader, *_ = [import_module(name) for name in needed]
    except (ImportError, RuntimeError) as exc:  # the latter of torchcodec without the libraries of FFmpeg
        sys.stderr.write(f"{exc}\n")
        sys.exit(MISSING)
    stumbled: list[str] = []
    rows = read(stumbled.append)
    found = {
        "reader": f"{reader.__name__} {reader.__version__}",
        "rows": rows,
        "violations": stumbled[:MOST],
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
