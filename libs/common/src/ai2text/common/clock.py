"""Time is handed in, so that tests decide what time it is."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present time with its time zone."""


def utc_now() -> datetime:
    return datetime.now(UTC)
