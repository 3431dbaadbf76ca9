"""What callers hold in their hands of a stream that is everybody's."""

import pytest

from ai2text.api_gateway.cursors import LENGTH, Cursors

CURSORS = Cursors("0123456789abcdef0123456789abcdef")


@pytest.mark.parametrize("place", [0, 1, 255, 2**40, 2**64 - 1])
def test_a_place_comes_back_from_its_cursor(place: int) -> None:
    cursor = CURSORS.seal("one", place)
    assert CURSORS.open("one", cursor) == place
    assert len(cursor) == LENGTH


def test_a_cursor_tells_neither_where_it_is_nor_how_far_from_another() -> None:
    sealed = [CURSORS.seal("one", place) for place in range(100)]
    assert len({cursor[:4] for cursor in sealed}) > 90
    assert CURSORS.seal("one", 7) == sealed[7]


@pytest.mark.parametrize("cursor", ["", "1", "x" * 22, "ü" * 22, "A" * 24, "%" * 22, "1" * 1000])
def test_what_was_never_given_opens_nothing(cursor: str) -> None:
    assert CURSORS.open("one", cursor) is None


def test_nor_does_another_tenants_or_another_installations() -> None:
    assert CURSORS.open("two", CURSORS.seal("one", 7)) is None
    assert Cursors("f" * 32).open("one", CURSORS.seal("one", 7)) is None
