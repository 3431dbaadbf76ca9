"""What formats have in common that hold the audio of their rows: they are made part by part. No I/O here."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ai2text.training_orchestrator.rows import Row, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The rows of a split that one worker packs."""

    split: str
    number: int
    """From 0."""
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedAudio:
    size_bytes: int
    blocks: Callable[[], Iterator[bytes]]
    """Read when it is its turn."""


AudioOf = Callable[[Row], PackedAudio]
PackedFiles = Iterator[tuple[str, Iterable[bytes]]]
"""Paths, and what is in each, which is read to its end before the next one is asked for."""
Pack = Callable[[Part, Rows, AudioOf], PackedFiles]
