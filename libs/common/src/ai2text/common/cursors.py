"""Cursors of lists: what the next page has to know, as text that is safe in a URL and opaque to who holds it."""

import base64
import binascii

from ai2text.common.errors import Refused


def to_cursor(place: bytes) -> str:
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


def from_cursor(cursor: str) -> bytes:
    """Raises Refused for what is no cursor at all; whose it is, its list has to know."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as exc:
        raise bad_cursor() from exc


def bad_cursor() -> Refused:
    return Refused("invalid_cursor", "after_id takes the `next` of an earlier answer, unchanged.")
