"""Whether a tenant may send more audio this month: the catalogue is asked, and its answer remembered for a while."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog

from ai2text.api_gateway.caller_limits import too_many
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.remembered import Remembered
from ai2text.common.clock import Clock, utc_now
from ai2text.common.contracts.inside import Caller
from ai2text.common.errors import Unavailable

log = structlog.get_logger()

REMEMBERED_SECONDS = 10.0
"""So much longer a tenant can send than its quota lasts; the catalogue itself is behind by what is being taken in."""

Quota = dict[str, Any] | None


class Quotas:
    def __init__(
        self, metadata: Service, clock: Clock = utc_now, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._metadata = metadata
        self._clock = clock
        self._monotonic = monotonic
        self._remembered = Remembered[str, dict[str, Any]]()
        """By tenant, what the catalogue answered."""

    async def check(self, caller: Caller) -> None:
        """Raises HTTPException, 429, when the month's quota is used up."""
        quota = await self._quota_of(caller)
        if quota is None or quota["audio_seconds"] < quota["audio_seconds_per_month"]:
            return
        minutes = quota["audio_seconds_per_month"] / 60
        raise too_many(
            "quota",
            f"The quota of {minutes:g} minutes of audio in {quota['month']} is used up. "
            "Ask whoever runs this installation for more, or wait for the next month.",
            _seconds_left_of(quota["month"], self._clock()),
        )

    async def _quota_of(self, caller: Caller) -> Quota:
        """None also while the catalogue is away: audio can be taken without it."""
        now = self._monotonic()
        answer = self._remembered.find(caller.tenant, now)
        if answer is None:
            try:
                answer = await self._metadata.get("/v1/quota", caller)
            except Unavailable as exc:
                log.warning("quota_not_known", error=str(exc))
                return None
            self._remembered.keep(caller.tenant, answer, now + REMEMBERED_SECONDS)
        quota: Quota = answer["quota"]
        return quota


def _seconds_left_of(month: str, now: datetime) -> int:
    """`month` as the catalogue writes it, 2026-11; at least one, whatever the clocks say."""
    year, number = map(int, month.split("-"))
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return max(1, round((end - now).total_seconds()))
