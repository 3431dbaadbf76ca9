"""Transcripts as plain text and subtitles.

Cues have at most two lines of 42 characters, never overlap and never have zero length: the limits that the
BBC's and Netflix's subtitle guides share, and what players need.
"""

import html
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Protocol

LINE_CHARACTERS = 42
CUE_LINES = 2
SHORTEST_CUE_MS = 100
READABLE_CUE_MS = 1000
"""Somebody who speaks into another's cue ends it, but not before that."""
ARROW = "-->"


class TimedText(Protocol):
    """A piece of speech; times in seconds from the start of the recording."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def text(self) -> str: ...


class TimedSegment(TimedText, Protocol):
    """A segment with the words it consists of; without words its time is shared out by the characters."""

    @property
    def words(self) -> Sequence[TimedText]: ...
    @property
    def speaker(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str | None


@dataclass(frozen=True, slots=True)
class _Piece:
    start: float
    end: float
    text: str
    speaker: str | None = None


def to_text(segments: Iterable[TimedText]) -> str:
    """One segment a line; nothing at all for a recording without words."""
    return "".join(f"{line}\n" for segment in segments if (line := _plain(segment.text)))


def to_tsv(segments: Iterable[TimedText]) -> str:
    """Start and end in milliseconds, and the text, as Whisper's own command writes them."""
    rows = (f"{round(s.start * 1000)}\t{round(s.end * 1000)}\t{_plain(s.text)}\n" for s in segments)
    return "start\tend\ttext\n" + "".join(rows)


def to_srt(segments: Iterable[TimedSegment]) -> str:
    return "".join(
        f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{_body(cue)}\n\n"
        for number, cue in enumerate(cues(segments), start=1)
    )


def to_vtt(segments: Iterable[TimedSegment]) -> str:
    """Speakers are voices, and what would be markup is written as text."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{_voice(cue)}{_as_text(_body(cue))}\n\n"
        for cue in cues(segments)
    )


def cues(segments: Iterable[TimedSegment]) -> Iterator[Cue]:
    """In the order of time; each begins where or after the last one ended."""
    pieces = sorted((piece for one in segments for piece in _in_order(_pieces(one))), key=lambda piece: piece.start)
    free_from_ms = 0
    for piece, following in zip_longest(pieces, pieces[1:]):
        start_ms = max(round(piece.start * 1000), free_from_ms)
        end_ms = max(round(piece.end * 1000), start_ms + SHORTEST_CUE_MS)
        if following is not None:
            end_ms = min(end_ms, max(round(following.start * 1000), start_ms + READABLE_CUE_MS))
        yield Cue(start_ms=start_ms, end_ms=end_ms, lines=tuple(_wrapped(piece.text)), speaker=piece.speaker)
        free_from_ms = end_ms


def _in_order(pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """As they are spoken, also where their times go back."""
    latest = 0.0
    for piece in pieces:
        latest = max(latest, piece.start)
        yield replace(piece, start=latest)


def _pieces(segment: TimedSegment) -> Iterator[_Piece]:
    """Parts of a segment that each fit into one cue."""
    taken: list[TimedText] = []
    for word in _words(segment):
        if taken and len(_wrapped(_joined([*taken, word]))) > CUE_LINES:
            yield _Piece(taken[0].start, taken[-1].end, _joined(taken), segment.speaker)
            taken = []
        taken.append(word)
    if _joined(taken):
        yield _Piece(taken[0].start, taken[-1].end, _joined(taken), segment.speaker)


def _words(segment: TimedSegment) -> Iterator[TimedText]:
    """None longer than a line; a text that is not that of its words is shared out over the segment's time."""
    spelt = _joined(segment.words).replace(" ", "") == _joined([segment]).replace(" ", "")
    for word in segment.words if spelt else _slices(segment, segment.text.split()):
        text = _joined([word])
        if len(text) <= LINE_CHARACTERS:
            yield word
        else:
            parts = [text[at : at + LINE_CHARACTERS] for at in range(0, len(text), LINE_CHARACTERS)]
            yield from _slices(_Piece(word.start, word.end, text), parts)


def _slices(whole: TimedText, parts: Sequence[str]) -> Iterator[_Piece]:
    """Consecutive parts of a text, each with its share of the time by the number of characters."""
    per_character = (whole.end - whole.start) / max(sum(map(len, parts)), 1)
    start = whole.start
    for part in parts:
        end = start + len(part) * per_character
        yield _Piece(start, end, f" {part}")
        start = end


def _joined(words: Sequence[TimedText]) -> str:
    """A line of a subtitle file that has an arrow in it is one of times."""
    return _plain("".join(word.text for word in words)).replace(ARROW, "-- >")


def _plain(text: str) -> str:
    """In one line, without what controls a terminal or ends a file."""
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return " ".join(
        "".join(each for each in word if unicodedata.category(each) != "Cc") for word in line.split()
    ).strip()


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, LINE_CHARACTERS, break_on_hyphens=False)


def _body(cue: Cue) -> str:
    return "\n".join(cue.lines)


def _voice(cue: Cue) -> str:
    speaker = _plain(cue.speaker or "")
    return f"<v {_as_text(speaker)}>" if speaker else ""


def _as_text(text: str) -> str:
    return html.escape(text, quote=False)


def _clock(milliseconds: int, decimal_mark: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}{decimal_mark}{rest:03}"
