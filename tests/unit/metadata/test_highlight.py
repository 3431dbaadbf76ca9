"""What was found stands between marks, and the rest is the text."""

import html

from hypothesis import given
from hypothesis import strategies as st

from ai2text.metadata.highlight import BEGIN, END, highlight


def test_the_marks_are_put_into_the_text_as_it_was_said() -> None:
    assert highlight("Über <uns>", f"{BEGIN}über{END} <uns>") == "<mark>Über</mark> &lt;uns&gt;"


def test_what_one_of_several_headlines_marks_is_marked() -> None:
    text = highlight("fine weather", f"{BEGIN}fine{END} weather", None, f"fine {BEGIN}weather{END}")
    assert text == "<mark>fine</mark> <mark>weather</mark>"


def test_a_headline_of_another_length_marks_nothing() -> None:
    assert highlight("İ hit", f"i̇ {BEGIN}hit{END}") == "İ hit"


@given(st.lists(st.tuples(st.text(), st.booleans())))
def test_without_its_marks_a_highlight_is_the_text(pieces: list[tuple[str, bool]]) -> None:
    text = "".join(piece for piece, _ in pieces)
    headline = "".join(f"{BEGIN}{piece}{END}" if hit else piece for piece, hit in pieces)
    shown = highlight(text, headline)
    assert html.unescape(shown.replace("<mark>", "").replace("</mark>", "")) == text
