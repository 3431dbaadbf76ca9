"""WebDataset's shards: every sample whole, under a key of its own."""

import tarfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from ai2text.cli.rules.violation import Violation

SHARDS = "webdataset/*.tar"


def violations(folder: Path) -> Iterator[Violation]:
    seen = set[str]()
    for file in sorted(folder.glob(SHARDS)):
        path = file.relative_to(folder).as_posix()
        for key, extensions in _samples(file):
            if key in seen:
                yield Violation(path=path, why=f"the sample {key} is there twice, or its files are apart.")
            seen.add(key)
            if len(extensions) != 2 or "json" not in extensions:  # noqa: PLR2004 - audio and what is said in it
                yield Violation(path=path, why=f"the sample {key} has {', '.join(extensions)}, not audio and json.")


def rows(folder: Path) -> int:
    return sum(1 for file in folder.glob(SHARDS) for _ in _samples(file))


def _samples(file: Path) -> Iterator[tuple[str, list[str]]]:
    """A key ends at the first dot of a name."""
    with tarfile.open(file, "r:") as tar:
        for key, members in groupby(tar, lambda member: member.name.partition(".")[0]):
            yield key, [member.name.partition(".")[2] for member in members]
