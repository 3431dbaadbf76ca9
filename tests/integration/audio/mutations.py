"""Recordings damaged in every way that comes to mind, the same ones in each run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tests.integration.audio.media import make

FORMATS = ("wav", "w64", "mp3", "flac", "opus", "m4a", "mkv", "aiff", "avi", "wma", "ts", "wv")
SECONDS = 1.0
HEADER_BYTES = 512
NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

Mutate = Callable[[bytes, np.random.Generator], bytes]


@dataclass(frozen=True, slots=True)
class Mutation:
    format: str
    kind: str
    content: bytes


def mutations(count: int, seed: int) -> Iterator[Mutation]:
    dice = np.random.default_rng(seed)
    whole = {name: make(name, SECONDS, tags={"title": "A song"}) for name in FORMATS}
    kinds: dict[str, Mutate] = {
        "bits flipped": _flip,
        "bits of the header flipped": _flip_header,
        "cut": _cut,
        "beginning lost": _behead,
        "header of another format": lambda content, dice: _swap(content, whole[str(dice.choice(FORMATS))], dice),
        "random block": _scramble,
        "zeros": _blank,
        "length field": _lie,
        "part repeated": _repeat,
        "part removed": _remove,
        "two glued": lambda content, dice: content + whole[str(dice.choice(FORMATS))],
    }
    for number in range(count):
        name, kind = FORMATS[number % len(FORMATS)], str(dice.choice(list(kinds)))
        yield Mutation(name, kind, kinds[kind](whole[name], dice))


def _flip(content: bytes, dice: np.random.Generator, within: int | None = None) -> bytes:
    damaged = bytearray(content)
    for _ in range(int(dice.integers(1, 64))):
        damaged[dice.integers(0, within or len(damaged))] ^= 1 << int(dice.integers(0, 8))
    return bytes(damaged)


def _flip_header(content: bytes, dice: np.random.Generator) -> bytes:
    return _flip(content, dice, HEADER_BYTES)


def _cut(content: bytes, dice: np.random.Generator) -> bytes:
    return content[: dice.integers(1, len(content))]


def _behead(content: bytes, dice: np.random.Generator) -> bytes:
    return content[dice.integers(1, len(content)) :]


def _swap(content: bytes, other: bytes, dice: np.random.Generator) -> bytes:
    length = int(dice.integers(4, HEADER_BYTES))
    return other[:length] + content[length:]


def _stretch(content: bytes, dice: np.random.Generator) -> tuple[int, int]:
    start, end = sorted(int(at) for at in dice.integers(0, len(content), 2))
    return start, min(end + 1, start + 4096)


def _scramble(content: bytes, dice: np.random.Generator) -> bytes:
    start, end = _stretch(content, dice)
    return content[:start] + dice.bytes(end - start) + content[end:]


def _blank(content: bytes, dice: np.random.Generator) -> bytes:
    start, end = _stretch(content, dice)
    return content[:start] + bytes(end - start) + content[end:]


def _lie(content: bytes, dice: np.random.Generator) -> bytes:
    """Numbers that are sizes, counts and rates, mostly, since that is what headers and boxes are full of."""
    damaged = bytearray(content)
    for _ in range(int(dice.integers(1, 5))):
        within = HEADER_BYTES if dice.random() < 0.7 else len(damaged)  # an index may stand at the end
        at, length = int(dice.integers(0, within)), int(dice.choice([1, 2, 4]))
        number = int(dice.choice(NUMBERS)) if dice.random() < 0.7 else int(dice.integers(0, 1 << 32))
        order = "little" if dice.random() < 0.5 else "big"
        damaged[at : at + length] = (number & ((1 << 8 * length) - 1)).to_bytes(length, order)  # type: ignore[arg-type]
    return bytes(damaged)


def _repeat(content: bytes, dice: np.random.Generator) -> bytes:
    start, end = _stretch(content, dice)
    return content[:end] + content[start:end] * int(dice.integers(1, 5)) + content[end:]


def _remove(content: bytes, dice: np.random.Generator) -> bytes:
    start, end = _stretch(content, dice)
    return content[:start] + content[end:]
