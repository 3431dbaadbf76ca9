"""Chunks of speech, many at once, and those that were heard badly once more, sequentially."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from ai2text.asr.decode_sequentially import Wait, decode_sequentially
from ai2text.asr.fallback import silent
from ai2text.asr.joined_speech import JoinedSpeech
from ai2text.asr.listening import Listener
from ai2text.asr.sentences import sentences, trimmed
from ai2text.asr.speech_chunks import Chunk
from ai2text.asr.suspicion import doubts, longest_uncovered
from ai2text.asr.window import Hypothesis, Passage
from ai2text.common.contracts.outcome import Doubt, SecondHearing

CHUNKS_AHEAD = 8
"""Of one recording, waiting for the device or on it: enough to fill its batches alone, few enough to be held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardChunk:
    chunk: Chunk
    passages: tuple[Passage, ...]
    """Their times are seconds of the chunk."""
    second: SecondHearing | None = None


def decode_batched(chunks: Iterable[Chunk], listener: Listener, wait: Wait) -> Iterator[HeardChunk]:
    """In the order of the chunks. Raises what `wait` raises, and then cancels what it has asked for."""
    asked: deque[tuple[Chunk, Future[Hypothesis]]] = deque()
    try:
        for chunk in chunks:
            asked.append((chunk, listener.hear(chunk.samples, before=listener.initial_prompt)))
            while len(asked) >= CHUNKS_AHEAD or (asked and asked[0][1].done()):
                yield _judged(*asked.popleft(), listener, wait)
        while asked:
            yield _judged(*asked.popleft(), listener, wait)
    finally:
        for _, under_way in asked:
            under_way.cancel()


def _judged(chunk: Chunk, under_way: Future[Hypothesis], listener: Listener, wait: Wait) -> HeardChunk:
    heard = wait(under_way)
    if silent(heard):
        return HeardChunk(chunk=chunk, passages=())
    words = trimmed(heard.words)
    first = tuple(Passage(words=tuple(s), heard=heard, window_start=0.0) for s in sentences(words))
    found = doubts(first, chunk.pieces, listener.language)
    if not found:
        return HeardChunk(chunk=chunk, passages=first)
    second = tuple(_again(chunk, listener, wait))
    kept = _badness(second, chunk, listener) < _badness(first, chunk, listener)
    return HeardChunk(
        chunk=chunk,
        passages=second if kept else first,
        second=SecondHearing(start=chunk.start, end=chunk.end, doubts=found, kept=kept),
    )


def _again(chunk: Chunk, listener: Listener, wait: Wait) -> Iterator[Passage]:
    speech = JoinedSpeech(iter([chunk]))
    for passages in decode_sequentially(speech, listener, wait, condition_on_previous_text=False):
        yield from passages


def _badness(passages: tuple[Passage, ...], chunk: Chunk, listener: Listener) -> tuple[int, float]:
    found: tuple[Doubt, ...] = doubts(passages, chunk.pieces, listener.language)
    return len(found), longest_uncovered([word for passage in passages for word in passage.words], chunk.pieces)
