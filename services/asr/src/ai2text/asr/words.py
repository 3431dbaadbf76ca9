"""Words with their times, out of the alignment of a window's tokens. No I/O here."""

from collections.abc import Sequence

import numpy as np
from faster_whisper.tokenizer import Tokenizer

from ai2text.asr.window import TimedWord

TOKENS_PER_SECOND = 50
OPENING = frozenset("\"'“¿([{-")
CLOSING = frozenset("\"'.。,，!！?？:：”)]}、")  # noqa: RUF001 - of several scripts
"""Punctuation that belongs to the word after it, and before it."""


def timed_words(
    path: Sequence[tuple[int, int]], probabilities: Sequence[float], tokens: list[int], tokenizer: Tokenizer
) -> tuple[TimedWord, ...]:
    """`path` pairs tokens with steps of 20 ms: dynamic time warping over cross-attention, by CTranslate2's `align`.

    Punctuation joins its word. The method is that of Whisper's own `timing.py`.
    """
    texts, grouped = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    if len(grouped) <= 1:
        return ()
    bounds = np.cumsum([0, *(len(group) for group in grouped[:-1])])
    text_at, time_at = np.array(path).T
    starts_new = np.concatenate(([True], np.diff(text_at) > 0))
    times = time_at[starts_new] / TOKENS_PER_SECOND
    return _joined(
        [
            TimedWord(
                start=float(times[first]),
                end=float(times[beyond]),
                text=text,
                probability=float(np.mean(probabilities[first:beyond])),
                tokens=tuple(group),
            )
            for text, group, first, beyond in zip(texts, grouped[:-1], bounds[:-1], bounds[1:], strict=False)
        ]
    )


def _joined(words: list[TimedWord]) -> tuple[TimedWord, ...]:
    joined: list[TimedWord] = []
    opening: TimedWord | None = None
    for word in words:
        if opening is not None:
            word, opening = _join(opening, word, times_of=word), None  # noqa: PLW2901 - the mark is part of it
        if word.text.startswith(" ") and word.text.strip() in OPENING:
            opening = word
        elif joined and word.text in CLOSING and not joined[-1].text.endswith(" "):
            joined[-1] = _join(joined[-1], word, times_of=joined[-1])
        else:
            joined.append(word)
    return (*joined, *([opening] if opening else []))


def _join(first: TimedWord, second: TimedWord, *, times_of: TimedWord) -> TimedWord:
    return TimedWord(
        start=times_of.start,
        end=times_of.end,
        text=first.text + second.text,
        probability=times_of.probability,
        tokens=first.tokens + second.tokens,
    )
