"""Reads Thrift's compact protocol, without knowing what it means. No I/O here.

Written by what the protocol says and not by what writes it here, so that one is the other's check.
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

import io
from typing import Any

LONG_FORM = 15
MORE = 0x80
DEEPEST = 16
LONGEST_BITS = 63


def read_struct(content: bytes) -> dict[int, Any]:
    """Fields by their numbers. Raises ValueError for what is no such thing."""
    return _struct(io.BytesIO(content), 0)


def _struct(file: io.BytesIO, depth: int) -> dict[int, Any]:
    if depth > DEEPEST:
        raise ValueError("the structures are nested too deeply")
    fields: dict[int, Any] = {}
    number = 0
    while head := _byte(file):
        number = number + (head >> 4) if head >> 4 else _signed(file)
        fields[number] = _value(file, head & 0xF, depth)
    return fields


def _value(file: io.BytesIO, kind: int, depth: int) -> Any:
    """Of the types that Parquet uses; a boolean field has its value in its type."""
    match kind:
        case 1 | 2:
            return kind == 1
        case 4 | 5 | 6:
            return _signed(file)
        case 8:
            return _exactly(file, _unsigned(file))
        case 9:
            return _list(file, depth)
        case 12:
            return _struct(file, depth + 1)
    raise ValueError(f"there is no type {kind}")


def _list(file: io.BytesIO, depth: int) -> list[Any]:
    head = _byte(file)
    count = _unsigned(file) if head >> 4 == LONG_FORM else head >> 4
    return [_value(file, head & 0xF, depth) for _ in range(count)]


def _signed(file: io.BytesIO) -> int:
    value = _unsigned(file)
    return (value >> 1) ^ -(value & 1)


def _unsigned(file: io.BytesIO) -> int:
    value, shift = 0, 0
    while True:
        byte = _byte(file)
        value |= byte % MORE << shift
        shift += 7
        if byte < MORE:
            return value
        if shift > LONGEST_BITS:
            raise ValueError("a number is too long")


def _byte(file: io.BytesIO) -> int:
    return _exactly(file, 1)[0]


def _exactly(file: io.BytesIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) != size:
        raise ValueError("it ends too early")
    return content
