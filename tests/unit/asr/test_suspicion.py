import pytest

from ai2text.asr.suspicion import doubts, longest_uncovered, repeats
from ai2text.asr.voice_activity import SAMPLE_RATE_HZ, Speech
from ai2text.asr.window import Hypothesis, Passage, Spoken, TimedWord
from ai2text.common.contracts.outcome import Doubt

TEN_SECONDS = [Speech(start=0, end=10 * SAMPLE_RATE_HZ, pause_seconds=0)]


def word(start: float, end: float, text: str = " word") -> TimedWord:
    return TimedWord(start=start, end=end, text=text, probability=0.9, tokens=(1,))


def passage(
    words: list[TimedWord], logprob: float = -0.2, ratio: float = 1.2, spoken: Spoken | None = None
) -> list[Passage]:
    heard = Hypothesis(
        tokens=(),
        text="".join(one.text for one in words),
        words=tuple(words),
        avg_logprob=logprob,
        no_speech_prob=0.0,
        compression_ratio=ratio,
        temperature=0.0,
        spoken=spoken or Spoken("en", 1.0),
    )
    return [Passage(words=tuple(words), heard=heard, window_start=0.0)]


CLEAN = [word(n, n + 0.8, f" w{n}") for n in range(10)]


def test_words_all_over_the_speech_raise_no_doubt() -> None:
    assert doubts(passage(CLEAN), TEN_SECONDS, "en") == ()


def test_speech_that_no_word_covers_is_doubted() -> None:
    assert doubts(passage(CLEAN[:7]), TEN_SECONDS, "en") == (Doubt.UNCOVERED_SPEECH,)
    assert doubts(passage([*CLEAN[:3], *CLEAN[6:]]), TEN_SECONDS, "en") == (Doubt.UNCOVERED_SPEECH,)
    assert doubts([], TEN_SECONDS, "en") == (Doubt.UNCOVERED_SPEECH,)


def test_the_margins_of_the_pieces_are_no_speech() -> None:
    pieces = [
        Speech(start=0, end=2 * SAMPLE_RATE_HZ, pause_seconds=0),
        Speech(start=5 * SAMPLE_RATE_HZ, end=7 * SAMPLE_RATE_HZ, pause_seconds=3.8),
    ]
    assert longest_uncovered([word(0.4, 1.6), word(2.4, 3.6)], pieces) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("passages", "doubt"),
    [
        (passage(CLEAN, ratio=2.5), Doubt.REPETITION),
        (passage(CLEAN, logprob=-1.1), Doubt.LOW_CONFIDENCE),
        (passage(CLEAN, spoken=Spoken("de", 0.9)), Doubt.OTHER_LANGUAGE),
    ],
)
def test_each_sign_is_named(passages: list[Passage], doubt: Doubt) -> None:
    assert doubts(passages, TEN_SECONDS, "en") == (doubt,)


def test_an_unsure_guess_at_the_language_is_no_sign() -> None:
    assert doubts(passage(CLEAN, spoken=Spoken("de", 0.5)), TEN_SECONDS, "en") == ()


@pytest.mark.parametrize(
    ("text", "loops"),
    [("so it goes So it goes. so it goes on", True), ("no no no no that is so that is so", False)],
)
def test_a_run_of_words_that_comes_three_times_is_a_loop(text: str, loops: bool) -> None:  # noqa: FBT001 - a table
    assert repeats([word(0, 1, f" {one}") for one in text.split()]) is loops
