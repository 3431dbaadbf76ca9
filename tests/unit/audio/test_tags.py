import pytest

from ai2text.audio.tags import cleaned, line


def test_keys_are_lower_case_and_values_one_line() -> None:
    assert cleaned({"TITLE": "A  song\r\nof two lines\x00"}) == {"title": "A song of two lines"}


@pytest.mark.parametrize("tags", [{"": "value"}, {"key": ""}, {"key": "\x07\n"}, {"\x00": "value"}])
def test_what_is_empty_after_cleaning_is_left_out(tags: dict[str, str]) -> None:
    assert cleaned(tags) == {}


def test_number_and_length_are_bounded() -> None:
    tags = cleaned({f"{n}-{'k' * 100}": "v" * 10_000 for n in range(1000)})
    assert len(tags) == 64
    assert all(len(key) == 64 and len(value) == 1000 for key, value in tags.items())


@pytest.mark.parametrize("text", ["Ødegård", "日本語", "👩‍🚀 in space", "naïve"])
def test_every_language_survives(text: str) -> None:
    assert line(text, 100) == text


@pytest.mark.parametrize("hostile", ["\x1b]0;title\x07", "\ud800", "a\x85b", "\x9b31m"])
def test_nothing_unprintable_survives(hostile: str) -> None:
    line(hostile, 100).encode()
    assert line(hostile, 100).isprintable()
