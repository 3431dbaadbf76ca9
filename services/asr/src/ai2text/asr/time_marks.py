"""Where the model's own marks of time cut a window, and how far it got. No I/O here."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ai2text.asr.window import FRAMES_PER_SECOND

SECONDS_PER_MARK = 0.02


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens between two marks, these included; seconds from the start of the window."""

    start: float
    end: float
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    parts: tuple[Part, ...]
    seconds: float
    """How far they reach; the next window begins there."""
    complete: bool
    """Whether the model said that nothing follows."""


def marked(tokens: Sequence[int], frames: int, first_mark: int) -> Marked:
    """Of a window of so many frames, by Whisper's own rule.

    Two marks in a row end a part and begin the next. One at the very end says that nothing follows; without it the
    last part has not ended and belongs to the next window.
    """
    whole = frames / FRAMES_PER_SECOND
    marks = [token >= first_mark for token in tokens]
    cuts = [n + 1 for n, pair in enumerate(pairwise(marks)) if pair == (True, True)]
    complete = marks[-2:] == [False, True]
    if not cuts:
        times = [_seconds(token, first_mark) for token in tokens if token > first_mark]
        return Marked((Part(0.0, times[-1] if times else whole, tuple(tokens)),), whole, complete)
    ends = [*cuts, len(tokens)] if complete else cuts
    parts = tuple(_part(tokens[begin:end], first_mark) for begin, end in zip([0, *ends], ends, strict=False))
    return Marked(parts, whole if complete else parts[-1].end, complete)


def _part(tokens: Sequence[int], first_mark: int) -> Part:
    return Part(_seconds(tokens[0], first_mark), _seconds(tokens[-1], first_mark), tuple(tokens))


def _seconds(token: int, first_mark: int) -> float:
    return max(0, token - first_mark) * SECONDS_PER_MARK
