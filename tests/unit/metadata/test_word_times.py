"""Words keep their times through a correction as far as they are still the same."""

from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.outcome import Word
from ai2text.metadata.word_times import retimed

SENTENCE = tuple(
    Word(start=start, end=start + 0.4, text=text, probability=0.9)
    for start, text in ((1.0, " The"), (1.5, " weather"), (2.0, " is"), (2.5, " here."))
)
JAPANESE = tuple(
    Word(start=start, end=start + 0.5, text=text, probability=0.9)
    for start, text in ((0.0, "今日"), (0.5, "は"), (1.0, "晴れ"))
)


def times(text: str, words: tuple[Word, ...] = SENTENCE) -> list[tuple[str, float, float]]:
    return [(word.text, round(word.start, 3), round(word.end, 3)) for word in retimed(text, words, 0.5, 4.0)]


def test_the_same_text_keeps_every_word() -> None:
    assert retimed("The weather is here.", SENTENCE, 0.5, 4.0) == SENTENCE


def test_a_word_that_was_misheard_gives_its_time_to_the_right_one() -> None:
    assert times("The feather is here.") == [
        *((" The", 1.0, 1.4), (" feather", 1.4, 2.0)),
        *((" is", 2.0, 2.4), (" here.", 2.5, 2.9)),
    ]


def test_a_longer_form_of_a_word_is_another_word() -> None:
    assert [word.probability for word in retimed("The weathers is here.", SENTENCE, 0.5, 4.0)] == [0.9, 1.0, 0.9, 0.9]


def test_words_in_between_share_the_time_by_their_letters() -> None:
    assert times("The weather today is here.")[2] == (" today", 1.9, 2.0)
    assert times("The very fine feather is here.")[1:4] == [
        *((" very", 1.4, 1.56), (" fine", 1.56, 1.72), (" feather", 1.72, 2.0)),
    ]


def test_words_before_the_first_and_after_the_last_go_to_the_segments_ends() -> None:
    found = times("Oh, The weather is here. Yes.")
    assert found[0] == (" Oh,", 0.5, 1.0)
    assert found[-1] == (" Yes.", 2.9, 4.0)


def test_words_may_go() -> None:
    assert [word.text for word in retimed("weather here.", SENTENCE, 0.5, 4.0)] == [" weather", " here."]
    assert retimed("", SENTENCE, 0.5, 4.0) == ()


def test_scripts_without_spaces_keep_theirs_too() -> None:
    assert [(word.text, word.start) for word in retimed("今日は雨", JAPANESE, 0.0, 2.0)] == [
        ("今日", 0.0),
        ("は", 0.5),
        ("雨", 1.0),
    ]


def test_where_the_machine_gave_no_words_there_are_none() -> None:
    assert retimed("The weather.", (), 0.0, 1.0) == ()


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=80), st.sampled_from([SENTENCE, JAPANESE]))
def test_whatever_is_written_the_words_make_up_the_text_in_order_and_within_the_segment(
    written: str, words: tuple[Word, ...]
) -> None:
    text = " ".join(written.split())
    found = retimed(text, words, 0.5, 4.0)
    assert "".join(word.text for word in found).strip() == text
    ends = [time for word in found for time in (word.start, word.end)]
    assert ends == sorted(ends)
    assert all(0.5 <= time <= 4.0 for time in ends)
