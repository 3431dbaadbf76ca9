"""What people type as alternatives of terms; the rest of the grammar is PostgreSQL's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.metadata.search_query import Term, read_query


@pytest.mark.parametrize("query", ["fine weather", '"fine weather" or rain -snow', "2*3", '"trans*"', ""])
def test_without_a_beginning_of_a_word_the_query_is_postgresqls_as_it_is(query: str) -> None:
    assert read_query(query) == [[Term(query)]]


@pytest.mark.parametrize(
    ("query", "alternatives"),
    [
        ("trans*", [[Term("trans", prefix=True)]]),
        ("fine trans*", [[Term("fine"), Term("trans", prefix=True)]]),
        ("-trans* fine", [[Term("trans", prefix=True, without=True), Term("fine")]]),
        ("trans* OR rain", [[Term("trans", prefix=True)], [Term("rain")]]),
        ("or trans* or", [[Term("trans", prefix=True)]]),
        ('trans* "fine weather"', [[Term("trans", prefix=True), Term('"fine weather"')]]),
        ('trans* -"fine weather', [[Term("trans", prefix=True), Term('"fine weather"', without=True)]]),
        ("well-kno*", [[Term("well"), Term("kno", prefix=True)]]),
        ("it's-h*", [[Term("it s"), Term("h", prefix=True)]]),
        ("कि*", [[Term("कि", prefix=True)]]),
        ("a':*&!*", [[Term("a", prefix=True)]]),
        ("* -*", []),
    ],
)
def test_a_word_that_ends_in_a_star_is_the_beginning_of_words(query: str, alternatives: list[list[Term]]) -> None:
    assert read_query(query) == alternatives


@given(st.text(st.sampled_from("ab*-\"' \\:&|!()or\0é")))
def test_no_beginning_of_a_word_has_anything_that_needs_quoting(query: str) -> None:
    terms = [term for alternative in read_query(query) for term in alternative]
    assert all(term.text.isalnum() for term in terms if term.prefix)
    assert "\0" not in "".join(term.text for term in terms)
