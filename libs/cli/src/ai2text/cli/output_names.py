"""Where transcripts go in a folder: `talk.txt` for `talk.mp3`, and never two under one name. No I/O here."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath


def distinct(files: Sequence[Path]) -> list[Path]:
    """A file that is named twice counts once, as it was named first."""
    first: dict[str, Path] = {}
    for file in files:
        first.setdefault(_absolute(file), file)
    return list(first.values())


def output_names(files: Sequence[Path], suffix: str) -> dict[Path, PurePath]:
    """By file, below the folder; `talk.mp3.txt` where `talk.wav` is there too.

    Where two folders hold a file of the same name, all keep the folders below the one that they share.
    """
    folders = _folders(files)
    stems = Counter((folders[file], file.stem) for file in files)
    whole = {file: folders[file] / f"{file.name}.{suffix}" for file in files}
    taken = Counter(whole.values())
    return {file: _short(file, suffix, folders, stems, taken) or whole[file] for file in files}


def _short(
    file: Path,
    suffix: str,
    folders: Mapping[Path, PurePath],
    stems: Mapping[tuple[PurePath, str], int],
    taken: Mapping[PurePath, int],
) -> PurePath | None:
    """None when it is another's: of one with the same stem, or of `talk.mp3` when this is `talk.mp3.wav`."""
    name = folders[file] / f"{file.stem}.{suffix}"
    return name if stems[folders[file], file.stem] == 1 and name not in taken else None


def _folders(files: Sequence[Path]) -> dict[Path, PurePath]:
    names = Counter(file.name for file in files)
    if max(names.values(), default=0) <= 1:
        return dict.fromkeys(files, PurePath())
    parents = {file: os.path.dirname(_absolute(file)) for file in files}  # noqa: PTH120 - of a string
    common = os.path.commonpath(parents.values())
    return {file: PurePath(parent).relative_to(common) for file, parent in parents.items()}


def _absolute(file: Path) -> str:
    """Without following links: under two names it has two transcripts."""
    return os.path.abspath(file)  # noqa: PTH100 - that of Path keeps the dots
