import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.definition import Normalisation
from ai2text.training_orchestrator.normalisation import normalised


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Grüß Gott,\u2028Welt!  ", "grüß gott welt"),
        ("Don\u2019t \u2018quote\u2019 me - I'm well-known.", "don't quote me i'm well-known"),
        ("20 % of 5,5 € & more…", "20 % of 5 5 € & more"),
        ("ﬁne Ⅳ \uff21\uff22", "fine iv ab"),
        ("İstanbul", "i\u0307stanbul"),
        ("हिन्दी में।", "हिन्दी में"),
        ("--'--", ""),
    ],
)
def test_spoken_keeps_what_is_said_and_never_changes(text: str, expected: str) -> None:
    assert normalised(text, Normalisation.SPOKEN) == expected


def test_verbatim_leaves_everything_but_the_white_space_around_it() -> None:
    assert (
        normalised(' "Zwei\u2028Zeilen", \x85und mehr.\n', Normalisation.VERBATIM)
        == '"Zwei\u2028Zeilen", \x85und mehr.'
    )


@given(st.text(), st.sampled_from(Normalisation))
def test_what_is_normalised_stays_as_it_is_when_it_is_normalised_again(text: str, kind: Normalisation) -> None:
    once = normalised(text, kind)
    assert normalised(once, kind) == once
