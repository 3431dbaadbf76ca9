"""Pages of what grows at one end: the newest first, so that a page stays what it was while rows arrive."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ai2text.common.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    items: list[dict[str, Any]]
    next: str | None
    """Opaque and safe in a URL; None at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of a list is asked for."""

    limit: int
    after: str | None = None
    """The `next` of the page before."""

    def clause(self, column: str) -> str:
        """The end of a statement that has a WHERE; one row more than asked shows whether there are any."""
        older = "" if self.after is None else f" AND {column} < %(after)s"
        return f"{older} ORDER BY {column} DESC LIMIT %(rows)s"

    def parameters(self) -> dict[str, int]:
        """Of `clause`. Raises Refused for a cursor that no page had."""
        older = {} if self.after is None else {"after": _position(self.after)}
        return {**older, "rows": self.limit + 1}

    def page(self, rows: Sequence[dict[str, Any]]) -> Page:
        """Of rows that carry their `position`, which is not shown."""
        following = _cursor(rows[self.limit - 1]["position"]) if len(rows) > self.limit else None
        return Page(items=[_without_position(row) for row in rows[: self.limit]], next=following)


def _without_position(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "position"}


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(position.to_bytes(8)).decode().rstrip("=")


def _position(cursor: str) -> int:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise Refused("invalid_cursor", "after_id takes the `next` of an earlier answer, unchanged.") from exc
    return int.from_bytes(raw[:8])
