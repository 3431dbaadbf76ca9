"""A Parquet file that comes in blocks, so that no audio is ever whole in memory. No I/O here.

Values are plain, neither compressed nor in a dictionary, and each audio is a page, whose size is known before it is
read. None is null, but all may be: `datasets` takes a column for audio only where its type is to the letter its own.
pyarrow would hold a row group's audio several times over, and writes its own version into every file.
https://parquet.apache.org/docs/file-format/
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from ai2text.common.errors import Refused
from ai2text.training_orchestrator.formats import thrift
from ai2text.training_orchestrator.formats.packing import Audio

MAGIC = b"PAR1"
SIZE = struct.Struct("<I")
"""Before a value, and of the footer."""
MOST_BYTES = 2**31 - 1 - 64
"""Of a value, with what stands before it: the size of a page is a number of 32 bits with a sign."""
GROUP_ROWS = 100
GROUP_BYTES = 64 << 20
"""Of audio. Readers take row groups whole, and some fail at 2 GiB."""
NUMBERS: dict[type, struct.Struct] = {int: struct.Struct("<q"), float: struct.Struct("<d")}
TYPES = {int: 2, float: 5, str: 6, bytes: 6}
"""INT64, DOUBLE, BYTE_ARRAY."""
VERSION, OPTIONAL, PLAIN, RLE, UNCOMPRESSED, DATA_PAGE, UTF8 = 1, 1, 0, 3, 0, 0, 0
Value = str | float | int
Kind = type[Value] | type[bytes]
Columns = Mapping[str, Kind]
"""By names; `a.b` is the column b of the group a, whose columns follow one another. That of bytes is the audio."""
Pages = Iterator[tuple[int, int, Iterable[bytes]]]
"""How many values are in it, how many bytes they are, and those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    audio: Audio
    values: Mapping[str, Value]
    """Of the other columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chunk:
    """The pages of a column in a row group, and where they lie."""

    column: str
    kind: Kind
    values: int
    start: int
    size_bytes: int


def parquet(columns: Columns, metadata: Mapping[str, str], records: Iterable[Record]) -> Iterator[bytes]:
    """Raises Refused for audio that is too long for a page."""
    position, groups = len(MAGIC), list[list[_Chunk]]()
    yield MAGIC
    for group in _groups(records):
        chunks = []
        for name, kind in columns.items():
            start = position
            for values, size_bytes, blocks in _pages(name, kind, group):
                head = _page_head(values, size_bytes)
                yield head
                yield from blocks
                position += len(head) + size_bytes
            chunks.append(_Chunk(column=name, kind=kind, values=len(group), start=start, size_bytes=position - start))
        groups.append(chunks)
    footer = _footer(columns, metadata, groups)
    yield footer + SIZE.pack(len(footer)) + MAGIC


def _groups(records: Iterable[Record]) -> Iterator[list[Record]]:
    """No audio is read yet, and what is told of it is short."""
    group, size_bytes = list[Record](), 0
    for record in records:
        group.append(record)
        size_bytes += _checked(record.audio.size_bytes)
        if len(group) == GROUP_ROWS or size_bytes >= GROUP_BYTES:
            yield group
            group, size_bytes = [], 0
    if group:
        yield group


def _checked(size_bytes: int) -> int:
    if size_bytes > MOST_BYTES:
        raise Refused(
            "audio_too_large",
            f"hf-parquet takes no audio of {size_bytes:,} bytes in a row, {MOST_BYTES:,} at most: choose the "
            "segmentation segments, the audio.codec opus or flac, or another format.",
        )
    return size_bytes


def _pages(name: str, kind: Kind, group: Sequence[Record]) -> Pages:
    if kind is bytes:
        for audio in (record.audio for record in group):
            head = _present(name, 1) + SIZE.pack(audio.size_bytes)
            yield 1, len(head) + audio.size_bytes, chain([head], audio.blocks())
    else:
        content = _present(name, len(group)) + b"".join(_plain(kind, record.values[name]) for record in group)
        yield len(group), len(content), [content]


def _present(name: str, values: int) -> bytes:
    """That none of them is null: a run of definition levels, one for each name that may be."""
    run = thrift.varint(values << 1) + bytes([len(name.split("."))])
    return SIZE.pack(len(run)) + run


def _plain(kind: Kind, value: Value) -> bytes:
    if kind in NUMBERS:
        return NUMBERS[kind].pack(value)
    content = str(value).encode()
    return SIZE.pack(len(content)) + content


def _page_head(values: int, size_bytes: int) -> bytes:
    levels = thrift.i32(RLE)
    page = thrift.struct({1: thrift.i32(values), 2: thrift.i32(PLAIN), 3: levels, 4: levels})
    sizes = {2: thrift.i32(size_bytes), 3: thrift.i32(size_bytes)}
    return thrift.struct({1: thrift.i32(DATA_PAGE), **sizes, 5: page})[1]


def _footer(columns: Columns, metadata: Mapping[str, str], groups: Sequence[Sequence[_Chunk]]) -> bytes:
    about = [thrift.struct({1: thrift.text(key), 2: thrift.text(value)}) for key, value in metadata.items()]
    return thrift.struct(
        {
            1: thrift.i32(VERSION),
            2: thrift.items(_schema(columns)),
            3: thrift.i64(sum(chunks[0].values for chunks in groups)),
            4: thrift.items(_row_group(chunks) for chunks in groups),
            5: thrift.items(about),
        }
    )[1]


def _schema(columns: Columns) -> Iterator[thrift.Encoded]:
    """Each group before its columns."""
    groups = [name.partition(".")[0] for name in columns if "." in name]
    yield thrift.struct({4: thrift.text("schema"), 5: thrift.i32(len({name.partition(".")[0] for name in columns}))})
    before = ""
    for name, kind in columns.items():
        group, _, inner = name.partition(".")
        if inner and group != before:
            count = thrift.i32(groups.count(group))
            yield thrift.struct({3: thrift.i32(OPTIONAL), 4: thrift.text(group), 5: count})
        before = group
        written = {6: thrift.i32(UTF8)} if kind is str else {}
        own = {1: thrift.i32(TYPES[kind]), 3: thrift.i32(OPTIONAL), 4: thrift.text(inner or group)}
        yield thrift.struct({**own, **written})


def _row_group(chunks: Sequence[_Chunk]) -> thrift.Encoded:
    total = thrift.i64(sum(chunk.size_bytes for chunk in chunks))
    columns = (thrift.struct({2: thrift.i64(chunk.start), 3: _column(chunk)}) for chunk in chunks)
    return thrift.struct({1: thrift.items(columns), 2: total, 3: thrift.i64(chunks[0].values)})


def _column(chunk: _Chunk) -> thrift.Encoded:
    size = thrift.i64(chunk.size_bytes)
    return thrift.struct(
        {
            1: thrift.i32(TYPES[chunk.kind]),
            2: thrift.items([thrift.i32(PLAIN), thrift.i32(RLE)]),
            3: thrift.items(thrift.text(name) for name in chunk.column.split(".")),
            4: thrift.i32(UNCOMPRESSED),
            5: thrift.i64(chunk.values),
            6: size,
            7: size,
            9: thrift.i64(chunk.start),
        }
    )
