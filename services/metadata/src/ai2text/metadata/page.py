"""Pages of what grows at one end: the newest first, so that a page stays what it was while rows arrive."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ai2text.common.cursors import bad_cursor, from_cursor, to_cursor

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Place = int | datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    items: list[dict[str, Any]]
    next: str | None
    """Opaque and safe in a URL; None at the end."""


@dataclass(frozen=True, slots=True)
class Order:
    """By these columns, which never change and together differ for each row; each row carries them and hides them.

    Those that end in `_at` are moments, the others whole numbers.
    """

    columns: tuple[str, ...]

    def cursor(self, row: Mapping[str, Any]) -> str:
        return to_cursor(struct.pack(f">{len(self.columns)}q", *(_number(row[name]) for name in self.columns)))

    def place(self, cursor: str) -> dict[str, Place]:
        """Raises Refused for a cursor that no page of this order had."""
        raw = from_cursor(cursor)
        if len(raw) != 8 * len(self.columns):
            raise bad_cursor()
        numbers = struct.unpack(f">{len(self.columns)}q", raw)
        return {name: _place(name, number) for name, number in zip(self.columns, numbers, strict=True)}


BY_POSITION = Order(("position",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of a list is asked for."""

    limit: int
    after: str | None = None
    """The `next` of the page before."""

    def clause(self, order: Order = BY_POSITION, table: str = "") -> str:
        """The end of a statement that has a WHERE; one row more than asked shows whether there are any."""
        columns = [f"{table}{name}" for name in order.columns]
        after = ", ".join(f"%(after_{name})s" for name in order.columns)
        older = "" if self.after is None else f" AND ({', '.join(columns)}) < ({after})"
        return f"{older} ORDER BY {', '.join(f'{column} DESC' for column in columns)} LIMIT %(rows)s"

    def parameters(self, order: Order = BY_POSITION) -> dict[str, Place]:
        """Of `clause`. Raises Refused for a cursor that no page had."""
        place = {} if self.after is None else order.place(self.after)
        return {**{f"after_{name}": value for name, value in place.items()}, "rows": self.limit + 1}

    def page(self, rows: Sequence[dict[str, Any]], order: Order = BY_POSITION) -> Page:
        following = order.cursor(rows[self.limit - 1]) if len(rows) > self.limit else None
        shown = [{k: v for k, v in row.items() if k not in order.columns} for row in rows[: self.limit]]
        return Page(items=shown, next=following)


def _number(value: Place) -> int:
    return value if isinstance(value, int) else (value - EPOCH) // MICROSECOND


def _place(name: str, number: int) -> Place:
    """Raises Refused for a moment that no calendar has."""
    if not name.endswith("_at"):
        return number
    try:
        return EPOCH + number * MICROSECOND
    except OverflowError as exc:
        raise bad_cursor() from exc
