"""From the words of a window to the sentences of a recording. No I/O here."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from ai2text.asr.timeline import Timeline
from ai2text.asr.window import TimedWord

SENTENCE_ENDS = (".", "?", "!", "。", "？", "！", "…")  # noqa: RUF001 - of several scripts
PAUSE_SECONDS = 1.0
"""Ends a sentence that has no mark."""
WORD_MOST_SECONDS = 0.7
"""What a typical word may last at most; twice the typical word is the most for one beside a pause."""


def trimmed(words: Sequence[TimedWord]) -> list[TimedWord]:
    """Alignment gives a pause to the word beside it: the first of a sentence begins late enough, the last ends early.

    The rule is that of Whisper's own `timing.py`: at most twice the median.
    """
    durations = [word.end - word.start for word in words if word.end > word.start]
    longest = 2 * min(WORD_MOST_SECONDS, median(durations)) if durations else 0.0
    shorter: list[TimedWord] = []
    for word in words:
        begins = not shorter or shorter[-1].text.endswith(SENTENCE_ENDS)
        if word.end - word.start > longest and begins:
            shorter.append(replace(word, start=word.end - longest))
        elif word.end - word.start > longest and word.text.endswith(SENTENCE_ENDS):
            shorter.append(replace(word, end=word.start + longest))
        else:
            shorter.append(word)
    return shorter


def moved(words: Sequence[TimedWord], seconds: float) -> list[TimedWord]:
    """Later by so much."""
    return [replace(word, start=word.start + seconds, end=word.end + seconds) for word in words]


def placed(words: Sequence[TimedWord], timeline: Timeline) -> list[TimedWord]:
    """With the times of the recording, for words of joined speech."""
    spans = [timeline.span_of(word.start, word.end) for word in words]
    return [
        replace(word, start=round(start, 3), end=round(end, 3)) for word, (start, end) in zip(words, spans, strict=True)
    ]


def sentences(words: Sequence[TimedWord]) -> Iterator[list[TimedWord]]:
    """One ends with its mark, or where the speaker pauses."""
    sentence: list[TimedWord] = []
    for word in words:
        if sentence and (sentence[-1].text.endswith(SENTENCE_ENDS) or word.start - sentence[-1].end >= PAUSE_SECONDS):
            yield sentence
            sentence = []
        sentence.append(word)
    if sentence:
        yield sentence
