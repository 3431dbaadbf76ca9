"""The times of words in a text that somebody has changed: those that stayed keep theirs. No I/O here."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

from ai2text.common.contracts.outcome import Word

CERTAIN = 1.0
"""A person wrote it."""
_TOKEN = re.compile(r"\s*\S+")


def retimed(text: str, words: Sequence[Word], start: float, end: float) -> tuple[Word, ...]:
    """Words that make up `text`, within seconds `start` and `end`; none where the machine gave none.

    What stands between two words that stayed shares the time between them by the number of its characters.
    """
    if not words:
        return ()
    kept = list(_kept(text, words))
    marks = [(0, 0, None), *kept, (len(text), len(text), None)]
    found: list[Word] = []
    for (_, reached, before), (begin, finish, word) in pairwise(marks):
        gap_start = start if before is None else before.end
        gap_end = end if word is None else word.start
        found += _shared(text[reached:begin], gap_start, max(gap_start, gap_end))
        if word is not None:
            found.append(replace(word, text=text[_with_space(text, begin) : finish]))
    return tuple(_within(word, start, end) for word in _spaced_like(found, words))


def _kept(text: str, words: Sequence[Word]) -> Iterator[tuple[int, int, Word]]:
    """Words that are still whole in the text: where they begin and end there."""
    spaced = any(word.text[:1].isspace() for word in words[1:])
    places, was = [], ""
    for word in words:
        bare = word.text.strip()
        lead = len(word.text) - len(word.text.lstrip())
        places.append((len(was) + lead, len(was) + lead + len(bare), word))
        was += word.text
    now = {}
    for block in SequenceMatcher(None, was, text, autojunk=False).get_matching_blocks():
        now.update({block.a + offset: block.b + offset for offset in range(block.size)})
    for begin, finish, word in places:
        there = [now.get(place) for place in range(begin, finish)]
        first = there[0] if there else None
        if first is None or there != list(range(first, first + len(there))):
            continue
        last = first + len(there)
        if not spaced or (_is_edge(text, first - 1) and _is_edge(text, last)):
            yield first, last, word


def _is_edge(text: str, place: int) -> bool:
    return place < 0 or place >= len(text) or text[place].isspace()


def _with_space(text: str, begin: int) -> int:
    return begin - 1 if begin > 0 and text[begin - 1].isspace() else begin


def _shared(text: str, start: float, end: float) -> Iterator[Word]:
    tokens = _TOKEN.findall(text)
    total = sum(len(token.strip()) for token in tokens)
    reached = start
    for token in tokens:
        until = reached + (end - start) * len(token.strip()) / total
        yield Word(start=reached, end=until, text=token, probability=CERTAIN)
        reached = until


def _spaced_like(found: Sequence[Word], words: Sequence[Word]) -> Iterator[Word]:
    """Whisper's words bring the space before them, the first one too."""
    lead = " " if words[0].text[:1].isspace() else ""
    for number, word in enumerate(found):
        bare = word.text.strip()
        between = " " if word.text[:1].isspace() else ""
        yield replace(word, text=f"{between if number else lead}{bare}")


def _within(word: Word, start: float, end: float) -> Word:
    first = min(max(word.start, start), end)
    return replace(word, start=first, end=min(max(word.end, first), end))
