"""Time is handed in, so that tests decide what time it is; and pauses end when the process does."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present time with its time zone."""


def utc_now() -> datetime:
    return datetime.now(UTC)


async def stopped_within(stop: asyncio.Event, seconds: float) -> bool:
    """Sleeps, unless told to stop: the pause of every loop."""
    try:
        return await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
