"""What the bytes of a container promise where FFmpeg goes by the size of the file instead."""

import io
from collections.abc import Iterator
from typing import Protocol

CHUNKS_MAX = 1000
PLACEHOLDER_FROM = 0x7FFF0000
"""Recorders that cannot seek back leave a size near 2 or 4 GiB, or 0, in the header."""
OGG_PAGE_MAX_BYTES = 65_307
OGG_HEADER_BYTES = 27
ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa")
ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
ASF_PROPERTIES_WITHIN_BYTES = 1 << 16
ASF_BROADCAST = 0x01
DTS_SYNC = tuple(map(bytes.fromhex, ("7ffe8001", "fe7f0180", "1fffe800", "ff1f00e8")))
DTS_WITHIN_BYTES = 1 << 15
"""A frame has at most half as many."""


class Seekable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, whence: int, /) -> int: ...


def promised_share(file: Seekable, size_bytes: int) -> float:
    """How many times as much sound data a WAV, RF64, W64, AVI or ASF announces as is there; 1 where that is unknown."""
    kind = _at(file, 0, 12)
    if kind[:4] == b"RIFF" and kind[8:] == b"AVI ":
        return _share(int.from_bytes(kind[4:8], "little"), size_bytes - 8)
    if kind[:4] in {b"RIFF", b"RF64", b"BW64"}:
        return _wave_share(file, size_bytes)
    if kind[:4] == b"riff":
        return _wave64_share(file, size_bytes)
    if kind == ASF_HEADER:
        return _asf_share(file, size_bytes)
    return 1.0


def _wave_share(file: Seekable, size_bytes: int) -> float:
    long_size = 0
    for name, content, size in wave_chunks(file):
        if name == b"ds64":
            long_size = int.from_bytes(_at(file, content + 8, 8), "little")
        if name == b"data":
            return _share(long_size or size, size_bytes - content, long=long_size > 0)
    return 1.0


def wave_chunks(file: Seekable) -> Iterator[tuple[bytes, int, int]]:
    """Of a RIFF or RF64: the name of each, where its content begins, and the size that it claims."""
    position = 12
    for _ in range(CHUNKS_MAX):
        header = _at(file, position, 8)
        if len(header) < 8:  # noqa: PLR2004 - a chunk's name and size
            return
        size = int.from_bytes(header[4:], "little")
        yield header[:4], position + 8, size
        position += 8 + size + size % 2


def _wave64_share(file: Seekable, size_bytes: int) -> float:
    position = 40
    for _ in range(CHUNKS_MAX):
        header = _at(file, position, 24)
        if len(header) < 24:  # noqa: PLR2004 - a chunk's GUID and size, which counts both
            break
        size = int.from_bytes(header[16:24], "little")
        if header[:4] == b"data":
            return _share(size - 24, size_bytes - position - 24, long=True)
        position += max(24, size + -size % 8)
    return 1.0


def _asf_share(file: Seekable, size_bytes: int) -> float:
    head = _at(file, 0, ASF_PROPERTIES_WITHIN_BYTES)
    at = head.find(ASF_PROPERTIES)
    properties = head[at : at + 92] if at >= 0 else b""
    if len(properties) < 92 or properties[88] & ASF_BROADCAST:  # noqa: PLR2004 - up to and with the flags
        return 1.0
    return _share(int.from_bytes(properties[40:48], "little"), size_bytes, long=True)


def _share(promised: int, present: int, *, long: bool = False) -> float:
    if present <= 0 or promised <= 0 or (not long and promised >= PLACEHOLDER_FROM):
        return 1.0
    return max(1.0, promised / present)


def ends_inside_page(file: Seekable, size_bytes: int) -> bool:
    """Whether an Ogg file stops in the middle of a page, as a cut one does; one cut between pages is not noticed."""
    if _at(file, 0, 4) != b"OggS":
        return False
    start = max(0, size_bytes - OGG_PAGE_MAX_BYTES)
    tail = _at(file, start, size_bytes - start)
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < OGG_HEADER_BYTES or len(page) < OGG_HEADER_BYTES + page[26]:
        return True
    segments = page[OGG_HEADER_BYTES : OGG_HEADER_BYTES + page[26]]
    return len(page) < OGG_HEADER_BYTES + len(segments) + sum(segments)


def may_hide_another_codec(file: Seekable) -> bool:
    """Whether the sound may be of another codec than the header says; of a WAV, when it begins like DTS."""
    head = _at(file, 0, DTS_WITHIN_BYTES)
    file.seek(0, io.SEEK_SET)
    return head[:4] != b"RIFF" or head[8:12] != b"WAVE" or any(sync in head for sync in DTS_SYNC)


def _at(file: Seekable, position: int, length: int) -> bytes:
    file.seek(position, io.SEEK_SET)
    return file.read(length)
