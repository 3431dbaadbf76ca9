"""Signs that a window was heard badly. Batched decoding is known to drop speech and to loop; no I/O here."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ai2text.asr.fallback import AVG_LOGPROB_MIN, COMPRESSION_RATIO_MAX
from ai2text.asr.voice_activity import SAMPLE_RATE_HZ, Speech
from ai2text.asr.window import Passage, TimedWord
from ai2text.common.contracts.outcome import Doubt

UNCOVERED_SECONDS = 1.5
"""Of speech without a word. Between two words people pause for less, and a longer pause is no speech."""
MARGIN_SECONDS = 0.4
REPEATED_WORDS = 3
"""So many words in a row, or more, that come again at once and then once more."""
REPETITIONS = 3
LANGUAGE_PROBABILITY_MIN = 0.8


def doubts(passages: Sequence[Passage], pieces: Sequence[Speech], language: str) -> tuple[Doubt, ...]:
    """`passages` have their times in the joined speech of `pieces`; `language` is the recording's."""
    return tuple(_found(passages, pieces, language))


def _found(passages: Sequence[Passage], pieces: Sequence[Speech], language: str) -> Iterator[Doubt]:
    words = [word for passage in passages for word in passage.words]
    heard = [passage.heard for passage in passages]
    if longest_uncovered(words, pieces) >= UNCOVERED_SECONDS:
        yield Doubt.UNCOVERED_SPEECH
    if repeats(words) or any(one.compression_ratio > COMPRESSION_RATIO_MAX for one in heard):
        yield Doubt.REPETITION
    if any(one.spoken.language != language and one.spoken.probability >= LANGUAGE_PROBABILITY_MIN for one in heard):
        yield Doubt.OTHER_LANGUAGE
    if any(one.avg_logprob < AVG_LOGPROB_MIN for one in heard):
        yield Doubt.LOW_CONFIDENCE


def longest_uncovered(words: Sequence[TimedWord], pieces: Sequence[Speech]) -> float:
    """Seconds of speech in a row that no word covers; the margins of the pieces are no speech."""
    ends: list[float] = []
    for piece in pieces:
        ends.append((ends[-1] if ends else 0.0) + piece.samples / SAMPLE_RATE_HZ)
    edges = [(0.0, 0.0), *((word.start, word.end) for word in words), (ends[-1], ends[-1])]
    return max(
        after - before - MARGIN_SECONDS * _margins(before, after, ends) for (_, before), (after, _) in pairwise(edges)
    )


def _margins(start: float, end: float, ends: Sequence[float]) -> int:
    """Between two instants: two where one piece follows another, one at either end of all."""
    return 2 * sum(start <= at <= end for at in ends[:-1]) + (start == 0.0) + (end == ends[-1])


def repeats(words: Sequence[TimedWord]) -> bool:
    """Whether some run of words comes three times without anything in between."""
    spoken = [word.text.strip(" .,?!").lower() for word in words]
    return any(
        spoken[at : at + size] * REPETITIONS == spoken[at : at + size * REPETITIONS]
        for size in range(REPEATED_WORDS, len(spoken) // REPETITIONS + 1)
        for at in range(len(spoken) - size * REPETITIONS + 1)
    )
