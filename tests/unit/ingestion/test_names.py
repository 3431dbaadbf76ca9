import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.ingestion.names import to_name, to_path, with_ending

parts = st.binary(min_size=1, max_size=20).filter(lambda part: b"/" not in part and b"\0" not in part)
paths = st.lists(parts, min_size=1, max_size=3).map(b"/".join)


@given(paths)
def test_every_name_has_one_text_and_the_text_leads_back(path: bytes) -> None:
    name = to_name(os.fsdecode(path))
    name.encode()
    assert os.fsencode(to_path(name)) == path


@given(paths, paths)
def test_two_names_never_have_the_same_text(one: bytes, other: bytes) -> None:
    assert (to_name(os.fsdecode(one)) == to_name(os.fsdecode(other))) == (one == other)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (b"talk.wav", "talk.wav"),
        ("ä ö/%FF.wav".encode(), "ä ö/%FF.wav"),
        (b"a b/\xff.wav", "bytes://a b/%FF.wav"),
    ],
)
def test_only_what_is_no_utf8_is_written_otherwise(path: bytes, name: str) -> None:
    assert to_name(os.fsdecode(path)) == name


def test_an_ending_that_fits_is_added() -> None:
    assert with_ending("deep/talk.wav", ".reason.json") == "deep/talk.wav.reason.json"


@pytest.mark.parametrize("letter", ["x", "ä", "\udcff"])
def test_a_name_that_would_be_too_long_is_cut_and_stays_its_own(letter: str) -> None:
    size = len(os.fsencode(letter))
    first, second = (f"{letter * (250 // size)}{n}.wav" for n in (1, 2))
    names = {with_ending(name, ".reason.json") for name in (first, second)}
    assert len(names) == 2
    for name in names:
        assert name.endswith(".reason.json")
        assert len(os.fsencode(name)) <= 255
