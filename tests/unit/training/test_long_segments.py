"""Segments that are longer than the target are cut between words."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.datasets import TranscribedSegment
from ai2text.common.contracts.definition import Definition, Segmentation
from ai2text.common.contracts.outcome import Word
from ai2text.training_orchestrator.choose_rows import ChosenRows
from ai2text.training_orchestrator.long_segments import parts_of, seconds_between
from ai2text.training_orchestrator.tally import Tally
from tests.fixtures.transcribed import transcribed

Said = list[tuple[float, float, str]]


def segment(words: Said, text: str | None = None, *, start: float | None = None) -> TranscribedSegment:
    return TranscribedSegment(
        id="s",
        start=words[0][0] if start is None else start,
        end=words[-1][1],
        text="".join(word for *_, word in words).strip() if text is None else text,
        words=tuple(Word(start=begin, end=end, text=word, probability=0.9) for begin, end, word in words),
    )


def cut(words: Said, longest: float = 10, language: str = "en") -> list[tuple[float, float, str]]:
    return [(part.start, part.end, part.text) for part in parts_of(segment(words), longest, language)]


def counted(*lengths: float, pauses: dict[int, float]) -> Said:
    """Words one after the other, with these seconds of silence after some."""
    words: Said = []
    at = 0.0
    for number, length in enumerate(lengths):
        words.append((at, at + length, f" {number}"))
        at += length + pauses.get(number, 0.0)
    return words


def test_a_segment_is_cut_at_its_longest_pauses_into_as_few_parts_as_there_can_be() -> None:
    words = counted(*[1.0] * 18, pauses={4: 0.4, 8: 1.0, 11: 0.6})
    assert cut(words) == [
        (0.0, 9.65, "0 1 2 3 4 5 6 7 8"),
        (10.15, 20.0, "9 10 11 12 13 14 15 16 17"),
    ]


def test_one_part_more_is_made_rather_than_cut_into_speech_without_a_pause() -> None:
    words = counted(*[1.0] * 18, pauses={5: 0.5, 11: 0.5})
    assert [text for *_, text in cut(words)] == ["0 1 2 3 4 5", "6 7 8 9 10 11", "12 13 14 15 16 17"]


def test_speech_without_any_pause_is_cut_where_two_words_touch() -> None:
    assert [text for *_, text in cut(counted(*[1.0] * 18, pauses={}))] == [
        "0 1 2 3 4 5 6 7 8 9",
        "10 11 12 13 14 15 16 17",
    ]


def test_a_written_word_is_never_cut_though_it_is_heard_in_two() -> None:
    words = [(0.0, 5.0, " well"), (5.5, 10.0, "-known"), (10.0, 12.0, " song")]
    assert [text for *_, text in cut(words)] == ["well-known", "song"]
    assert [text for *_, text in cut([(0, 5, "早"), (5.5, 10, "上"), (10, 12, "好")], language="zh")] == ["早", "上好"]


def test_what_there_is_no_place_to_cut_in_is_alone_and_too_long() -> None:
    words = [(0.0, 2.0, " Oh"), (2.5, 30.0, " looong"), (31.0, 33.0, " end.")]
    assert cut(words) == [(0.0, 2.25, "Oh"), (2.25, 30.25, "looong"), (30.75, 33.0, "end.")]


@pytest.mark.parametrize("text", ["Somebody wrote something else.", "0 1 2 3 and more", "0 1 2"])
def test_words_that_are_not_the_text_cut_nothing(text: str) -> None:
    whole = segment(counted(5, 5, 5, 5, pauses={}), text)
    (part,) = parts_of(whole, 10, "en")
    assert (part.start, part.end, part.text) == (whole.start, whole.end, text)


def test_rows_are_parts_merged_with_what_follows_and_what_stayed_too_long_is_counted() -> None:
    words = counted(*[1.0] * 12, pauses={7: 0.4})
    long, short = segment(words), segment([(12.5, 14.0, " Short.")])
    recording = transcribed("a", [(20.0, 40.0, "Nobody knows its words.")], duration_seconds=40.0)
    recording = transcribed("a", segments=(long, short, *recording.segments), duration_seconds=40.0)
    tally = Tally()
    definition = Definition(name="x", segmentation=Segmentation.SEGMENTS, target_seconds=10)
    rows = [one.row for one in ChosenRows(definition, tally).of(recording)]
    assert [(row.text, row.segments) for row in rows] == [
        ("0 1 2 3 4 5 6 7", ("s",)),
        ("8 9 10 11 Short.", ("s",)),
    ]
    assert [row.id[-19:] for row in rows] == ["000000000-000008200", "000008200-000014000"]
    assert {rule: amount.rows for rule, amount in tally.amounts().items()} == {"longer_than_target": 1}


milliseconds = st.integers(0, 4_000)
spoken = st.lists(
    st.tuples(milliseconds, milliseconds, st.text("ab.-", min_size=1, max_size=3), st.booleans()),
    min_size=1,
    max_size=60,
)


@given(spoken, st.integers(2, 15), st.sampled_from(["en", "zh"]))
def test_nothing_is_lost_or_doubled_and_no_word_is_cut(
    drawn: list[tuple[int, int, str, bool]], longest: int, language: str
) -> None:
    moments = list(accumulate((part for pause, length, _, _ in drawn for part in (pause, length)), initial=0))
    words: Said = [
        (moments[2 * n + 1] / 1000, moments[2 * n + 2] / 1000, f"{' ' * spaced}{bare}")
        for n, (_, _, bare, spaced) in enumerate(drawn)
    ]
    whole = segment(words)
    parts = parts_of(whole, longest, language)
    assert "".join("".join(part.text.split()) for part in parts) == "".join(whole.text.split())
    if language == "en":
        assert " ".join(part.text for part in parts) == " ".join(whole.text.split())
    assert (parts[0].start, parts[-1].end) == (whole.start, whole.end)
    assert all(one.end <= other.start for one, other in pairwise(parts))
    for start, end, _ in words:
        inside = [part for part in parts if part.start - 0.001 <= start and end <= part.end + 0.001]
        assert inside or start == end
    for part in parts:
        if seconds_between(part.start, part.end) > longest:
            assert len(part.text.split()) == 1 if language == "en" else part.text
    for one, other in pairwise(parts):
        assert seconds_between(one.start, other.end) > longest, "one part less would have done"


@given(st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, 30_000)), min_size=1, max_size=30))
def test_words_in_any_disorder_still_make_up_the_text(drawn: list[tuple[int, int]]) -> None:
    words: Said = [(start / 1000, end / 1000, f" {n}") for n, (start, end) in enumerate(drawn)]
    whole = segment(words, start=0.0)
    parts = parts_of(whole, 10, "en")
    assert " ".join(part.text for part in parts) == whole.text
    assert all(one.end <= other.start for one, other in pairwise(parts))
