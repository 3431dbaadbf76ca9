"""A segment that is longer than a row may be becomes several, cut in the silences between its words. No I/O here."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from ai2text.common.contracts.datasets import TranscribedSegment
from ai2text.common.contracts.outcome import Word
from ai2text.common.languages import SPACELESS

DIGITS = 3
"""Times are told to the millisecond."""
MARGIN_SECONDS = 0.25
"""Of silence that stays before and after what is said, where a pause has as much: the times of words are not exact."""
PAUSE_SECONDS = 0.3
"""A pause of this length is as good a place as any; rather than cut where there is none, one part more is made."""

Cost = tuple[float, float]
Mark = tuple[int, float, float]
"""A place in the text, when it is first said what stands after it, and until when that is."""


@dataclass(frozen=True, slots=True)
class Border:
    """Between two words, or at an end of the segment: a place in the text, and the times of both sides."""

    place: int
    end: float
    """Of the part before."""
    start: float
    """Of the part after."""
    pause: float = 0.0


def seconds_between(start: float, end: float) -> float:
    """As a row tells it."""
    return round(round(end, DIGITS) - round(start, DIGITS), DIGITS)


def parts_of(segment: TranscribedSegment, longest: float, language: str) -> list[TranscribedSegment]:
    """Together they say the segment's text. One alone is longer only where there is no place to cut it.

    As few as there can be, unless one more saves a cut into speech without a pause; among those as many seconds of
    pauses as possible are at the borders. A segment whose words are not known, or are not its text, stays whole.
    """
    if seconds_between(segment.start, segment.end) <= longest:
        return [segment]
    chosen = _chosen(_borders(segment, language), longest)
    return [
        replace(segment, start=one.start, end=other.end, text=segment.text[one.place : other.place].strip(), words=())
        for one, other in pairwise(chosen)
    ]


def _borders(segment: TranscribedSegment, language: str) -> list[Border]:
    """In order, the ends of the segment among them."""
    marks = _marks(segment)
    ends = list(accumulate((end for _, _, end in marks), max))
    starts = list(accumulate((start for _, start, _ in reversed(marks)), min))[::-1]
    first = Border(0, segment.start, segment.start)
    last = Border(len(segment.text), segment.end, segment.end)
    between = (
        _border(place, end, start)
        for (place, _, _), end, start in zip(marks[1:], ends, starts[1:], strict=False)
        if end <= start and (language in SPACELESS or segment.text[place - 1].isspace())
    )
    return [first, *between, last]


def _border(place: int, end: float, start: float) -> Border:
    middle = (end + start) / 2
    kept_end, kept_start = min(end + MARGIN_SECONDS, middle), max(start - MARGIN_SECONDS, middle)
    return Border(place, round(kept_end, DIGITS), round(kept_start, DIGITS), start - end)


def _marks(segment: TranscribedSegment) -> list[Mark]:
    """One for each word; none unless the words are the text, but for white space."""
    marks: list[Mark] = []
    reached = 0
    for word in segment.words:
        bare = word.text.strip()
        if not bare:
            continue
        place = _after_space(segment.text, reached)
        if not segment.text.startswith(bare, place):
            return []
        reached = place + len(bare)
        marks.append((place, *_within(word, segment)))
    return marks if _after_space(segment.text, reached) == len(segment.text) else []


def _within(word: Word, segment: TranscribedSegment) -> tuple[float, float]:
    start = min(max(word.start, segment.start), segment.end)
    return start, min(max(word.end, start), segment.end)


def _after_space(text: str, place: int) -> int:
    while place < len(text) and text[place].isspace():
        place += 1
    return place


def _chosen(borders: Sequence[Border], longest: float) -> list[Border]:
    """Those with the least cost together: of each, the best one before it that is not too far away.

    `near` has those that may be it, the cheapest first and the nearest last, so that each is looked at once.
    """
    costs: list[Cost] = [(0.0, 0.0)]
    before, near = [0], deque([0])
    for number, border in enumerate(borders[1:], start=1):
        while len(near) > 1 and seconds_between(borders[near[0]].start, border.end) > longest:
            near.popleft()
        cost = _sum(costs[near[0]], _cost(border))
        costs.append(cost)
        before.append(near[0])
        while near and costs[near[-1]] >= cost:
            near.pop()
        near.append(number)
    return [borders[number] for number in _way(before)]


def _cost(border: Border) -> Cost:
    return 1 + max(0.0, 1 - border.pause / PAUSE_SECONDS), -border.pause


def _sum(one: Cost, other: Cost) -> Cost:
    return one[0] + other[0], one[1] + other[1]


def _way(before: Sequence[int]) -> list[int]:
    """From the first border to the last."""
    way = [len(before) - 1]
    while way[-1]:
        way.append(before[way[-1]])
    return way[::-1]
