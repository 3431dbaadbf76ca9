"""How often one caller may ask, and how much of one tenant's may be under way: nobody takes the door for themselves."""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import HTTPException

from ai2text.api_gateway.settings import GatewaySettings
from ai2text.common import metrics
from ai2text.common.contracts.inside import Caller

REMEMBERED_MOST = 10_000
"""Callers; who was not seen for longest begins anew."""
AGAIN_SECONDS = 1
"""Nobody knows when a request will end."""


@dataclass(slots=True)
class _Allowance:
    """A bucket of requests that fills at a constant rate."""

    left: float
    at: float


Leave = Callable[[], None]
"""To be called when the request is answered; again it does nothing."""


class CallerLimits:
    """Of this process: with several replicas each allows as much."""

    def __init__(self, settings: GatewaySettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rate = settings.requests_per_second
        self._burst = settings.requests_burst
        self._at_once = settings.requests_at_once
        self._streams = settings.event_streams
        self._monotonic = monotonic
        self._allowances: OrderedDict[tuple[str, str], _Allowance] = OrderedDict()
        self._under_way: Counter[str] = Counter()
        self._listening: Counter[str] = Counter()

    def enter(self, caller: Caller) -> Leave:
        """Raises HTTPException, 429."""
        self._take((caller.tenant, caller.subject))
        return _entered(self._under_way, caller.tenant, self._at_once, "requests of a tenant are served")

    def listen(self, caller: Caller) -> Leave:
        """For who has entered and stays, to be told of what happens. Raises HTTPException, 429."""
        return _entered(self._listening, caller.tenant, self._streams, "streams of events of a tenant are open")

    def _take(self, who: tuple[str, str]) -> None:
        now = self._monotonic()
        allowance = self._allowances.setdefault(who, _Allowance(self._burst, now))
        self._allowances.move_to_end(who)
        if len(self._allowances) > REMEMBERED_MOST:
            self._allowances.popitem(last=False)
        allowance.left = min(self._burst, allowance.left + (now - allowance.at) * self._rate)
        allowance.at = now
        if allowance.left < 1:
            wait = math.ceil((1 - allowance.left) / self._rate)
            raise too_many(
                "rate", f"More than {self._rate:g} requests a second are not answered. Try again in {wait} s.", wait
            )
        allowance.left -= 1


def _entered(count: Counter[str], tenant: str, most: int, what: str) -> Leave:
    if count[tenant] >= most:
        raise too_many("at_once", f"At most {most} {what} at once. Try again in {AGAIN_SECONDS} s.", AGAIN_SECONDS)
    count[tenant] += 1
    left = False

    def leave() -> None:
        nonlocal left
        if not left:
            left = True
            count[tenant] -= 1
            if not count[tenant]:
                del count[tenant]

    return leave


def too_many(limit: str, detail: str, again_seconds: int) -> HTTPException:
    """`limit` is what was exceeded, for the metric."""
    metrics.REQUESTS_LIMITED.labels(limit).inc()
    return HTTPException(429, detail, {"Retry-After": f"{again_seconds}"})
