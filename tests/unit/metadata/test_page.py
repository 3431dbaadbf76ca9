"""Windows on a list that grows at its newer end."""

import pytest

from ai2text.common.errors import Refused
from ai2text.metadata.page import Page, Window


def older_than(newest: int, window: Window) -> list[dict[str, int]]:
    """What a table with the positions 1 to `newest` answers."""
    parameters = window.parameters()
    last = parameters.get("after", newest + 1) - 1
    return [{"n": n, "position": n} for n in range(last, 0, -1)][: parameters["rows"]]


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
        assert Window(limit=1, after=following).parameters()["after"] == position


@pytest.mark.parametrize("cursor", ["?", "a", "ü", "a b"])
def test_a_cursor_that_no_page_had_is_refused(cursor: str) -> None:
    with pytest.raises(Refused, match="after_id"):
        Window(limit=1, after=cursor).parameters()
