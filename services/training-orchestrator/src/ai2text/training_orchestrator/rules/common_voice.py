"""Common Voice's tables: the same columns in each, and every clip there, with its length."""

from collections.abc import Iterator
from itertools import groupby
from typing import BinaryIO

from ai2text.training_orchestrator.formats.common_voice import BY_REVIEW, COLUMNS
from ai2text.training_orchestrator.rules.content import Content, has_file
from ai2text.training_orchestrator.rules.seen import Seen
from ai2text.training_orchestrator.rules.violation import Say, Violation

DURATIONS = "clip_durations"
DURATION_COLUMNS = ("clip", "duration[ms]")
Cells = dict[str, str]


def check(content: Content, say: Say) -> int:
    """How many rows the tables of the splits have."""
    paths = sorted(content.paths("common-voice/*/*.tsv"))
    return sum(
        _check_language(content, folder, list(own), say)
        for folder, own in groupby(paths, lambda path: path.rpartition("/")[0])
    )


def _check_language(content: Content, folder: str, paths: list[str], say: Say) -> int:
    for name in (*BY_REVIEW, DURATIONS):
        if f"{folder}/{name}.tsv" not in paths:
            say(Violation(path=f"{folder}/{name}.tsv", why="this file is missing."))
            return 0
    rows = 0
    with Seen() as seen:
        for path in sorted(paths, key=lambda path: (path != f"{folder}/{DURATIONS}.tsv", path)):
            name = path.rpartition("/")[2].removesuffix(".tsv")
            columns = DURATION_COLUMNS if name == DURATIONS else COLUMNS
            with content.open(path) as file:
                for number, cells in _lines(file, path, columns, say):
                    rows += name not in {*BY_REVIEW, DURATIONS}
                    found = (
                        _clip_faults(content, folder, cells, seen) if name == DURATIONS else _faults(cells, name, seen)
                    )
                    for why in found:
                        say(Violation(path=path, line=number, why=why))
        for clip in seen.left("split"):
            say(Violation(path=f"{folder}/{DURATIONS}.tsv", why=f"{clip} is in none of the splits."))
        for clip in seen.left("review"):
            say(Violation(path=f"{folder}/{DURATIONS}.tsv", why=f"{clip} is in none of {', '.join(BY_REVIEW)}."))
    return rows


def _lines(file: BinaryIO, path: str, columns: tuple[str, ...], say: Say) -> Iterator[tuple[int, Cells]]:
    """Split at tabs, as readers without quoting do."""
    for number, line in enumerate(file, 1):
        cells = line.decode().rstrip("\n").split("\t")
        if len(cells) != len(columns) or (number == 1 and tuple(cells) != columns):
            say(Violation(path=path, line=number, why=f"the columns are not {', '.join(columns)}."))
        elif number > 1:
            yield number, dict(zip(columns, cells, strict=True))


def _clip_faults(content: Content, folder: str, cells: Cells, seen: Seen) -> Iterator[str]:
    clip, milliseconds = cells["clip"], cells["duration[ms]"]
    path = f"{folder}/clips/{clip}"
    if not seen.add("clip", clip):
        yield f"{clip} is there twice."
    seen.add("split", clip)
    seen.add("review", clip)
    if not milliseconds.isdecimal():
        yield f"{milliseconds!r} is no number of milliseconds."
        return
    if not has_file(content, path):
        yield f"{clip!r} is no file in clips."
        return
    sound = content.sound(path)
    if sound and not sound.is_as_long_as(int(milliseconds) / 1000):
        yield f"{clip} has {milliseconds} ms here, and {sound.seconds * 1000:.1f} in its file."


def _faults(cells: Cells, name: str, seen: Seen) -> Iterator[str]:
    """A clip is in one split, and in one of validated, invalidated and other."""
    if seen.take("review" if name in BY_REVIEW else "split", cells["path"]) is None:
        yield f"{cells['path']!r} is in another table already, or not in {DURATIONS}.tsv."
    if not cells["client_id"] or not cells["sentence"].strip():
        yield "there is no client_id or no sentence."
