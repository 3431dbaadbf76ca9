"""Parquet with audio: all files of each split, one schema, and what makes `datasets` read the column as audio."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, BinaryIO

from ai2text.training_orchestrator.rules.content import Content
from ai2text.training_orchestrator.rules.thrift_reader import read_struct
from ai2text.training_orchestrator.rules.violation import Say, Violation

FILE = re.compile(r"hf-parquet/data/([a-z0-9_]+)-([0-9]{5})-of-([0-9]{5})\.parquet")
MAGIC = b"PAR1"
TAIL_BYTES = 8
REQUIRED = 0
MOST_GROUP_BYTES = 2**31 - 1
"""Above it a reader cannot put a group's audio into one array; a single row may be nearly as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    columns: tuple[str, ...]
    metadata: dict[str, str]
    required: tuple[str, ...]
    """Names of those that cannot be null."""
    rows: int
    groups: tuple[dict[int, Any], ...]


def check(content: Content, say: Say) -> int:
    """How many rows there are."""
    paths, rows = list(content.paths("hf-parquet/data/*")), 0
    _check_names(paths, say)
    columns: tuple[str, ...] = ()
    for path in paths:
        with content.open(path) as file:
            try:
                footer = read_footer(file)
            except (KeyError, TypeError, ValueError) as exc:
                say(Violation(path=path, why=f"this is no Parquet: {exc}."))
                continue
            size_bytes = file.seek(0, io.SEEK_END)
        columns = columns or footer.columns
        rows += footer.rows
        for why in _faults(footer, columns, size_bytes):
            say(Violation(path=path, why=why))
    return rows


def read_footer(file: BinaryIO) -> Footer:
    """Raises KeyError, TypeError or ValueError for what is none."""
    size_bytes = file.seek(0, io.SEEK_END)
    if size_bytes < len(MAGIC) + TAIL_BYTES:
        raise ValueError("it is too short")
    file.seek(0)
    begin = file.read(len(MAGIC))
    file.seek(size_bytes - TAIL_BYTES)
    tail = file.read(TAIL_BYTES)
    length = int.from_bytes(tail[:4], "little")
    if begin != MAGIC or tail[4:] != MAGIC or length > size_bytes - TAIL_BYTES - len(MAGIC):
        raise ValueError("it does not begin and end as it should")
    file.seek(size_bytes - TAIL_BYTES - length)
    told = read_struct(file.read(length))
    return Footer(
        columns=tuple(_columns(told[2])),
        metadata={one[1].decode(): one[2].decode() for one in told.get(5, [])},
        required=tuple(one[4].decode() for one in told[2][1:] if one.get(3) == REQUIRED),
        rows=told[3],
        groups=tuple(told[4]),
    )


def _columns(schema: list[dict[int, Any]]) -> Iterator[str]:
    """Those with values, by the names of all groups around them."""
    elements = iter(schema)

    def below(prefix: str, count: int) -> Iterator[str]:
        for _ in range(count):
            element = next(elements)
            name = f"{prefix}{element[4].decode()}"
            if element.get(5):
                yield from below(f"{name}.", element[5])
            else:
                yield name

    return below("", next(elements)[5])


def _check_names(paths: list[str], say: Say) -> None:
    found = []
    for path in paths:
        match = FILE.fullmatch(path)
        if match:
            found.append(match)
        else:
            say(Violation(path=path, why="the name is not <split>-<number>-of-<count>.parquet."))
    for split, own in groupby(found, lambda match: match[1]):
        numbers = [(int(match[2]), int(match[3])) for match in own]
        if numbers != [(number, len(numbers)) for number in range(len(numbers))]:
            say(
                Violation(
                    path=f"hf-parquet/data/{split}", why=f"{len(numbers)} files are not all that their names say."
                )
            )


def _faults(footer: Footer, columns: tuple[str, ...], size_bytes: int) -> Iterator[str]:
    if footer.columns != columns:
        yield f"the columns are {', '.join(footer.columns)}, and elsewhere {', '.join(columns)}."
    if not {"audio.bytes", "audio.path"} <= set(footer.columns):
        yield "there is no column audio with bytes and path."
    if _audio_type(footer) != "Audio":
        yield "the metadata huggingface does not say that audio is audio, so readers would give bytes."
    if footer.required:
        yield f"{', '.join(footer.required)} cannot be null, which is not the type that `datasets` gives to audio."
    if sum(group[3] for group in footer.groups) != footer.rows:
        yield f"the row groups have not the {footer.rows} rows of the file."
    for number, group in enumerate(footer.groups):
        yield from _group_faults(number, group, size_bytes)


def _audio_type(footer: Footer) -> object:
    try:
        return json.loads(footer.metadata["huggingface"])["info"]["features"]["audio"]["_type"]
    except (KeyError, TypeError, ValueError):
        return None


def _group_faults(number: int, group: dict[int, Any], size_bytes: int) -> Iterator[str]:
    for chunk in (column[3] for column in group[1]):
        name = ".".join(part.decode() for part in chunk[3])
        if chunk[9] < len(MAGIC) or chunk[9] + chunk[7] > size_bytes:
            yield f"row group {number}: {name} is not within the file."
        if chunk[5] != group[3]:
            yield f"row group {number}: {name} has {chunk[5]} values for {group[3]} rows."
        if chunk[7] > MOST_GROUP_BYTES and group[3] > 1:
            yield f"row group {number}: {name} has {chunk[7]:,} bytes, which readers cannot take at once."
