"""What packing formats are given: a shard of rows, and the audio of each. No I/O here."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ai2text.training_orchestrator.rows import Row, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One of the parts into which the rows of a split are laid; none of them cuts a recording in two."""

    split: str
    number: int
    """From 0."""
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    size_bytes: int
    blocks: Callable[[], Iterator[bytes]]
    """Read when it is its turn."""


Packed = Iterator[tuple[str, Iterable[bytes]]]
"""Paths, and what is in each, which is read to its end before the next one is asked for."""
Pack = Callable[[Shard, Rows, Callable[[Row], Audio]], Packed]
