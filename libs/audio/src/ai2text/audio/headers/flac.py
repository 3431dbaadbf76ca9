"""FLAC: its first block says how many samples there are, and its last frame which ones it has."""

from collections.abc import Iterator

from ai2text.audio.headers.length import Length, Unsettled
from ai2text.audio.headers.window import PIECE_MAX_BYTES, Window

FRAME_GUESS_BYTES = 1 << 15
"""Where the encoder has not said how long a frame is at most."""
SYNC = b"\xff"
FIXED, VARIABLE = b"\xf8", b"\xf9"
"""The second byte of a frame: whether its number counts frames or samples."""
HEADER_BYTES = 17
"""With the checksum, at most."""
BLOCK_SIZES = {1: 192, **{code: 576 << (code - 2) for code in range(2, 6)}, **{c: 256 << (c - 8) for c in range(8, 16)}}
BLOCK_SIZE_BYTES = {6: 1, 7: 2}
RATE_BYTES = {12: 1, 13: 2, 14: 2}
HEADER_POLYNOMIAL, FRAME_POLYNOMIAL = 0x07, 0x8005


def flac_length(window: Window) -> Length:
    """Raises Unsettled where the last frame is not whole, or not the one that should be: then the file was cut."""
    if window.at(4, 1)[0] & 0x7F:  # STREAMINFO is the first block of all
        raise Unsettled
    block_size, largest = window.number(8, 2), window.number(15, 3)
    packed = window.number(18, 8)
    samples = packed & ((1 << 36) - 1)
    tail = window.tail(min(largest or FRAME_GUESS_BYTES, PIECE_MAX_BYTES))
    if not any(_is_last(tail[at:], block_size, samples) for at in _frames(tail)):
        raise Unsettled
    return Length(
        container="flac",
        samples=samples,
        sample_rate_hz=packed >> 44,
        channels=(packed >> 41 & 7) + 1,
    )


def _frames(tail: bytes) -> Iterator[int]:
    """Where each one begins, and what looks like one."""
    at = tail.find(SYNC)
    while at >= 0:
        if tail[at + 1 : at + 2] in {FIXED, VARIABLE}:
            yield at
        at = tail.find(SYNC, at + 1)


def _is_last(frame: bytes, block_size: int, samples: int) -> bool:
    """Whether the recording has `samples` samples where this frame ends, and the frame ends with the file."""
    header = frame[:HEADER_BYTES].ljust(HEADER_BYTES, b"\0")  # a frame of silence may be shorter than a header
    size_code, rate_code = header[2] >> 4, header[2] & 15
    number, at = _number(header)
    extra = BLOCK_SIZE_BYTES.get(size_code, 0)
    size = int.from_bytes(header[at : at + extra]) + 1 if extra else BLOCK_SIZES.get(size_code, 0)
    end = size + (number if header[1:2] == VARIABLE else number * block_size)
    at += extra + RATE_BYTES.get(rate_code, 0)
    if not size or end != samples or _remainder(header[: at + 1], HEADER_TABLE, 8):
        return False
    return _remainder(frame, FRAME_TABLE, 16) == 0


def _number(header: bytes) -> tuple[int, int]:
    """Of the frame, written as UTF-8 writes a letter but up to 36 bits; and where what follows it begins."""
    first = header[4]
    ones = 8 - (first ^ 0xFF).bit_length()
    if ones == 0:
        return first, 5
    number = first & (0x7F >> ones)
    for byte in header[5 : 4 + ones]:
        number = number << 6 | byte & 0x3F
    return number, 4 + ones


def _remainder(content: bytes, table: list[int], bits: int) -> int:
    """Of what ends with its own checksum: 0 where nothing is missing."""
    register, shift, mask = 0, bits - 8, (1 << bits) - 1
    for byte in content:
        register = (register << 8 & mask) ^ table[register >> shift ^ byte]
    return register


def _table(polynomial: int, bits: int) -> list[int]:
    table = []
    for byte in range(256):
        register = byte << (bits - 8)
        for _ in range(8):
            register = register << 1 ^ (polynomial if register >> (bits - 1) else 0)
            register &= (1 << bits) - 1
        table.append(register)
    return table


HEADER_TABLE, FRAME_TABLE = _table(HEADER_POLYNOMIAL, 8), _table(FRAME_POLYNOMIAL, 16)
