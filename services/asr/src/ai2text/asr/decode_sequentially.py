"""Whisper's long-form decoding: a window of 30 s slides over the speech, and begins where the last one got to.

Each window waits for the one before, but windows of several recordings share a batch. Differs from faster-whisper in
that features are made for each window, normalised by its own loudest moment, so that no recording is ever whole in
memory.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future

from ai2text.asr.fallback import silent
from ai2text.asr.joined_speech import JoinedSpeech
from ai2text.asr.listening import Listener
from ai2text.asr.sentences import moved, trimmed
from ai2text.asr.time_marks import Marked, marked
from ai2text.asr.voice_activity import SAMPLE_RATE_HZ
from ai2text.asr.window import FRAMES_PER_SECOND, WINDOW_FRAMES, Hypothesis, Passage, TimedWord

SAMPLES_PER_FRAME = SAMPLE_RATE_HZ // FRAMES_PER_SECOND
PROMPT_RESET_TEMPERATURE = 0.5
"""Text heard at a higher one is not shown to the next window."""

Wait = Callable[[Future[Hypothesis]], Hypothesis]


def decode_sequentially(
    speech: JoinedSpeech, listener: Listener, wait: Wait, *, condition_on_previous_text: bool
) -> Iterator[list[Passage]]:
    """What was heard in one window after the other. Raises what `wait` raises."""
    at = 0
    before = list(listener.initial_prompt)
    while len(samples := speech.window(at, WINDOW_FRAMES * SAMPLES_PER_FRAME)):
        heard = wait(listener.hear(samples, before=before, timestamps=True))
        frames = -(-len(samples) // SAMPLES_PER_FRAME)
        if silent(heard):
            at += len(samples)
            continue
        cut = marked(heard.tokens, frames, listener.tokenizer.timestamp_begin)
        groups = list(_words_of_parts(trimmed(heard.words), cut, listener.tokenizer.eot))
        offset = at / SAMPLE_RATE_HZ
        yield [Passage(words=tuple(moved(words, offset)), heard=heard, window_start=offset) for words in groups]
        at += _advance(cut, groups, frames) * SAMPLES_PER_FRAME
        if not condition_on_previous_text or heard.temperature > PROMPT_RESET_TEMPERATURE:
            before = []
        if condition_on_previous_text:
            before += [token for part in cut.parts for token in part.tokens]


def _words_of_parts(words: Sequence[TimedWord], cut: Marked, end_of_text: int) -> Iterator[list[TimedWord]]:
    """Parts and words are cut from the same tokens; a word belongs to the part in which it begins."""
    coming = iter(words)
    owed = 0
    for part in cut.parts:
        owed += sum(token < end_of_text for token in part.tokens)
        group = []
        while owed > 0 and (word := next(coming, None)) is not None:
            group.append(word)
            owed -= len(word.tokens)
        if group:
            yield group


def _advance(cut: Marked, groups: Sequence[Sequence[TimedWord]], frames: int) -> int:
    """Frames to the next window: past everything, past the last word, or past the last mark."""
    if cut.complete:
        return frames
    reached = groups[-1][-1].end if groups else cut.seconds
    return min(frames, round(reached * FRAMES_PER_SECOND)) or frames
