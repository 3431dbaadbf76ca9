"""Windows on a list that grows at its newer end."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.cursors import to_cursor
from ai2text.common.errors import Refused
from ai2text.metadata.page import Order, Page, Window


def older_than(newest: int, window: Window) -> list[dict[str, int]]:
    """What a table with the positions 1 to `newest` answers."""
    parameters = window.parameters()
    last, rows = parameters.get("after_position", newest + 1), parameters["rows"]
    assert isinstance(last, int)
    assert isinstance(rows, int)
    return [{"n": n, "position": n} for n in range(last - 1, 0, -1)][:rows]


def test_each_page_goes_on_where_the_one_before_ended() -> None:
    first = Window(limit=2)
    page = first.page(older_than(3, first))
    assert page.items == [{"n": 3}, {"n": 2}]
    second = Window(limit=2, after=page.next)
    assert second.page(older_than(99, second)) == Page(items=[{"n": 1}], next=None)


def test_a_page_that_holds_all_has_no_next() -> None:
    window = Window(limit=2)
    assert window.page(older_than(2, window)).next is None


def test_the_cursor_is_safe_in_a_url() -> None:
    window = Window(limit=1)
    for position in (251, 62 << 42, (1 << 63) - 1):
        following = window.page([{"position": position}, {"position": 1}]).next
        assert following
        assert following.replace("-", "").replace("_", "").isalnum()
        assert Window(limit=1, after=following).parameters()["after_position"] == position


@given(st.datetimes(timezones=st.just(UTC)), st.integers(min_value=0, max_value=(1 << 63) - 1))
def test_a_cursor_keeps_a_moment_to_the_microsecond(listed_at: datetime, position: int) -> None:
    order = Order(("listed_at", "position"))
    place = {"listed_at": listed_at, "position": position}
    assert order.place(order.cursor(place)) == place


def test_a_cursor_of_another_list_is_refused() -> None:
    order = Order(("listed_at", "position"))
    for place in (b"\0" * 8, b"\x7f" * 16):
        with pytest.raises(Refused, match="after_id"):
            order.place(to_cursor(place))


@pytest.mark.parametrize("cursor", ["?", "a", "ü", "a b", ""])
def test_a_cursor_that_no_page_had_is_refused(cursor: str) -> None:
    with pytest.raises(Refused, match="after_id"):
        Window(limit=1, after=cursor).parameters()
