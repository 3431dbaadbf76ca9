"""The month's quota at the door; the catalogue is asked seldom, and missed without harm."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import HTTPException
from structlog.contextvars import bound_contextvars

from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.quotas import REMEMBERED_SECONDS, Quotas
from ai2text.common.contracts.inside import Caller

KEY = "0123456789abcdef0123456789abcdef"
CALLER = Caller(tenant="t", subject="s", scopes=frozenset(), request_id="request-1")


class Catalogue:
    def __init__(self) -> None:
        self.used = 0.0
        self.month = "2026-11"
        self.quota = True
        self.away = False
        self.asked = 0
        self.now = 1000.0
        client = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        clock = datetime(2026, 11, 30, 23, 59, 0, tzinfo=UTC)
        self.quotas = Quotas(Service(client, "http://metadata", KEY), lambda: clock, lambda: self.now)

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/quota"
        self.asked += 1
        if self.away:
            raise httpx.ConnectError("away")
        quota: dict[str, Any] = {"month": self.month, "audio_seconds_per_month": 60.0, "audio_seconds": self.used}
        return httpx.Response(200, json={"quota": quota if self.quota else None})

    async def check(self) -> None:
        with bound_contextvars(request_id="request-1"):
            await self.quotas.check(CALLER)


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue()


async def test_who_has_some_left_and_who_has_no_quota_may_send(catalogue: Catalogue) -> None:
    catalogue.used = 59.9
    await catalogue.check()
    catalogue.quota = False
    catalogue.now += REMEMBERED_SECONDS
    await catalogue.check()


@pytest.mark.parametrize(("month", "seconds"), [("2026-11", 60), ("2026-12", 60 + 31 * 86_400), ("2026-10", 1)])
async def test_who_has_used_it_up_is_told_when_the_month_ends(catalogue: Catalogue, month: str, seconds: int) -> None:
    catalogue.used, catalogue.month = 60.0, month
    with pytest.raises(HTTPException, match="1 minutes of audio") as refusal:
        await catalogue.check()
    assert refusal.value.headers == {"Retry-After": f"{seconds}"}


async def test_the_catalogue_is_asked_once_in_a_while(catalogue: Catalogue) -> None:
    for _ in range(10):
        await catalogue.check()
    assert catalogue.asked == 1
    catalogue.used = 60.0
    catalogue.now += REMEMBERED_SECONDS
    with pytest.raises(HTTPException):
        await catalogue.check()


async def test_while_it_is_away_audio_is_taken(catalogue: Catalogue) -> None:
    catalogue.away = True
    await catalogue.check()
    catalogue.away, catalogue.used = False, 60.0
    with pytest.raises(HTTPException):
        await catalogue.check()
