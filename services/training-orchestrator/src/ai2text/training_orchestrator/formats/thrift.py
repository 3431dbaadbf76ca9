"""Thrift's compact protocol, as much of it as Parquet's headers need. No I/O here."""

from collections.abc import Iterable, Mapping

I32, I64, BINARY, LIST, STRUCT = 5, 6, 8, 9, 12
LONG_LIST = 15
MORE = 0x80
Encoded = tuple[int, bytes]
"""A type, and the value as it is written."""


def i32(value: int) -> Encoded:
    return I32, _zigzag(value)


def i64(value: int) -> Encoded:
    return I64, _zigzag(value)


def binary(value: bytes) -> Encoded:
    return BINARY, varint(len(value)) + value


def text(value: str) -> Encoded:
    return binary(value.encode())


def items(values: Iterable[Encoded]) -> Encoded:
    """Of one type; without any, of structs."""
    known = list(values)
    kind = known[0][0] if known else STRUCT
    count = len(known)
    head = bytes([count << 4 | kind]) if count < LONG_LIST else bytes([LONG_LIST << 4 | kind]) + varint(count)
    return LIST, head + b"".join(content for _, content in known)


def struct(fields: Mapping[int, Encoded]) -> Encoded:
    """By the numbers of the fields, which rise by less than 16 from one to the next."""
    written, before = bytearray(), 0
    for number, (kind, content) in fields.items():
        written += bytes([(number - before) << 4 | kind]) + content
        before = number
    return STRUCT, bytes(written) + b"\0"


def _zigzag(value: int) -> bytes:
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def varint(value: int) -> bytes:
    written = bytearray()
    while value >= MORE:
        written.append(value % MORE | MORE)
        value >>= 7
    return bytes([*written, value])
