"""Requests that may be repeated: asked again while the gateway is away or busy, within bounds."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

import httpx

LONGEST_SECONDS = 60.0
"""From the first failure of a request; a stack restarts within it."""
PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
BUSY = frozenset({429, 502, 503, 504})


class Patience:
    """Of one command: once a request has waited in vain for a gateway that is gone, the next ones do not."""

    def __init__(
        self,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._gone = False

    async def ask(
        self, request: Callable[[], Awaitable[httpx.Response]], busy: frozenset[int] = BUSY
    ) -> httpx.Response:
        """The answer, or the last of the `busy` ones. Raises httpx.TransportError when there is none."""
        deadline = math.inf
        while True:
            answer = await self._answer(request, deadline)
            if answer is not None and (answer.status_code not in busy or self._now() > deadline):
                return answer
            deadline = min(deadline, self._now() + LONGEST_SECONDS)
            await self._sleep(_pause(answer))

    async def _answer(self, request: Callable[[], Awaitable[httpx.Response]], deadline: float) -> httpx.Response | None:
        """None while nobody answers."""
        try:
            answer = await request()
        except httpx.TransportError:
            stop_if_cancelled()
            if self._gone or self._now() > deadline:
                self._gone = True
                raise
            return None
        self._gone = False
        return answer


def stop_if_cancelled() -> None:
    """Where a cancellation met with the end of a time-out, and the library below told of the time-out alone."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _pause(answer: httpx.Response | None) -> float:
    """What the answer asks for, in seconds; a date counts as nothing said."""
    asked = answer.headers.get("Retry-After", "") if answer is not None else ""
    return min(float(asked), LONGEST_PAUSE_SECONDS) if asked.isdecimal() else PAUSE_SECONDS
