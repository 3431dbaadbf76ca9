"""How people change a transcript: each operation gives the segments as they are afterwards. No I/O here."""

import hashlib
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import regex

from ai2text.common.contracts.outcome import Segment, Word
from ai2text.common.contracts.revisions import RevisedSegment
from ai2text.common.errors import Refused
from ai2text.metadata.word_times import retimed

TEXT_MOST_CHARACTERS = 10_000
SPEAKER_MOST_CHARACTERS = 100
SEARCH_SECONDS = 2.0
"""For a pattern over a whole transcript; some never end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What becomes a revision."""

    changed: tuple[RevisedSegment, ...] = ()
    """As they are afterwards, new ones too."""
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is None stays; a speaker may be taken away by the empty text."""

    text: str | None = None
    speaker: str | None = None
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    find: str
    replace: str
    whole_word: bool = False
    regex: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A segment in which something would be replaced."""

    segment: str
    start: float
    before: str
    after: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    hits: tuple[Hit, ...]
    changes: Changes = field(default_factory=Changes)


def etag_of(segment: RevisedSegment | Segment) -> str:
    """Changes when what people may edit changes."""
    seen = f"{float(segment.start)}\x1f{float(segment.end)}\x1f{segment.text.strip()}\x1f{segment.speaker or ''}"
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def edited(segment: RevisedSegment, edit: Edit, duration_seconds: float) -> Changes:
    """Raises Refused."""
    text = segment.text if edit.text is None else _checked("text", edit.text, TEXT_MOST_CHARACTERS)
    speaker = segment.speaker
    if edit.speaker is not None:
        speaker = _checked("speaker", edit.speaker, SPEAKER_MOST_CHARACTERS) or None
    start = segment.start if edit.start is None else edit.start
    end = segment.end if edit.end is None else edit.end
    if not 0 <= start < end <= max(duration_seconds, segment.end):
        raise Refused(
            "invalid_times", f"start and end: from 0 to {duration_seconds:.3f} s, and the start before the end."
        )
    words = retimed(text, segment.words, start, end)
    return Changes(changed=(replace(segment, text=text, speaker=speaker, start=start, end=end, words=words),))


def split(segment: RevisedSegment, at: float, following: RevisedSegment | None) -> Changes:
    """The first half keeps the id. Raises Refused where one of them would be empty."""
    if not segment.start < at < segment.end:
        raise Refused("invalid_times", f"at: between {segment.start:.3f} and {segment.end:.3f} s.")
    first, second = _halves(segment, at)
    if not first[0] or not second[0]:
        raise Refused("empty_half", f"at: all words are on one side of {at:.3f} s.")
    place = segment.place + 1 if following is None else (segment.place + following.place) / 2
    return Changes(
        changed=(
            replace(segment, end=at, text=first[0], words=first[1]),
            replace(segment, id=str(uuid4()), place=place, start=at, text=second[0], words=second[1]),
        )
    )


def merged(segment: RevisedSegment, following: RevisedSegment) -> Changes:
    """The first one's id stays."""
    words = (*segment.words, *following.words)
    spaced = not words or any(word.text[:1].isspace() for word in words[1:])
    text = (" " if spaced else "").join(part for part in (segment.text, following.text) if part)
    whole = replace(
        segment,
        start=min(segment.start, following.start),
        end=max(segment.end, following.end),
        text=text,
        speaker=segment.speaker or following.speaker,
        words=words if segment.words and following.words else (),
    )
    return Changes(changed=(whole,), removed=(following.id,))


def replaced(segments: Sequence[RevisedSegment], asked: Replacement) -> Replaced:
    """Takes its time: call it in a thread. Raises Refused for what is no pattern, or takes too long."""
    pattern, template = _pattern(asked), asked.replace if asked.regex else asked.replace.replace("\\", r"\\")
    hits, changed = [], []
    deadline = time.monotonic() + SEARCH_SECONDS
    for segment in segments:
        text, count = _substituted(pattern, template, segment.text, deadline)
        if count and text != segment.text:
            hits.append(Hit(segment=segment.id, start=segment.start, before=segment.text, after=text, count=count))
            words = retimed(text, segment.words, segment.start, segment.end)
            changed.append(replace(segment, text=text, words=words))
    return Replaced(hits=tuple(hits), changes=Changes(changed=tuple(changed)))


def difference(present: Sequence[RevisedSegment], wanted: Sequence[RevisedSegment]) -> Changes:
    """What makes the one of the other."""
    known, ids = {one.id: one for one in present}, {one.id for one in wanted}
    return Changes(
        changed=tuple(one for one in wanted if known.get(one.id) != one),
        removed=tuple(one.id for one in present if one.id not in ids),
    )


def _halves(segment: RevisedSegment, at: float) -> tuple[tuple[str, tuple[Word, ...]], tuple[str, tuple[Word, ...]]]:
    """By the words' times, or by the characters where there are none."""
    if segment.words:
        first = tuple(word for word in segment.words if (word.start + word.end) / 2 < at)
        second = segment.words[len(first) :]
        return (_text_of(first), first), (_text_of(second), second)
    near = round(len(segment.text) * (at - segment.start) / (segment.end - segment.start))
    space = min((i for i, c in enumerate(segment.text) if c == " "), key=lambda i: abs(i - near), default=near)
    return (segment.text[:space].strip(), ()), (segment.text[space:].strip(), ())


def _text_of(words: Sequence[Word]) -> str:
    return "".join(word.text for word in words).strip()


def _checked(name: str, text: str, most: int) -> str:
    """In one line."""
    line = " ".join(text.split())
    if len(line) > most:
        raise Refused("too_long", f"{name} has {len(line)} characters, {most} are allowed.")
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in line):
        raise Refused("invalid_text", f"{name} holds a control character: leave it out.")
    return line


def _pattern(asked: Replacement) -> Any:
    written = asked.find if asked.regex else regex.escape(asked.find)
    try:
        pattern = regex.compile(rf"\b(?:{written})\b" if asked.whole_word else written)
    except regex.error as exc:
        raise Refused("invalid_pattern", f"find: {exc}.") from exc
    if pattern.match(""):
        raise Refused("invalid_pattern", "find: this is found everywhere; name at least one character.")
    return pattern


def _substituted(pattern: Any, template: str, text: str, deadline: float) -> tuple[str, int]:
    left = max(deadline - time.monotonic(), 0.001)
    try:
        found, count = pattern.subn(template, text, timeout=left, concurrent=True)
    except TimeoutError as exc:
        raise Refused("invalid_pattern", "find: this pattern takes too long; write a simpler one.") from exc
    except (regex.error, IndexError) as exc:
        raise Refused("invalid_pattern", f"replace: {exc}.") from exc
    return (_checked("replace", found, TEXT_MOST_CHARACTERS), count) if count else (text, 0)
