"""Follows what becomes of the recordings, until everything is done or for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from ai2text.cli.client import TIMEOUTS
from ai2text.cli.credentials import Credentials
from ai2text.cli.environments import Installation
from ai2text.cli.idle import is_idle
from ai2text.cli.issue_token import bearer
from ai2text.cli.log_lines import OWN_SUBJECT
from ai2text.cli.results import Result, Results
from ai2text.cli.voice import Voice
from ai2text.common.jetstream import Broker

TAKE_SECONDS = 1.0
LAST_TAKE_SECONDS = 0.2
POLL_SECONDS = 0.5
IDLE_IN_A_ROW = 2


class Watch:
    def __init__(self, results: Results, client: httpx.AsyncClient, credentials: Credentials, voice: Voice) -> None:
        self._results = results
        self._client = client
        self._credentials = credentials
        self._voice = voice
        self._ended: dict[tuple[str, ...], Result] = {}

    async def for_ever(self) -> int:
        while True:
            await self._tell(TAKE_SECONDS)

    async def until_idle(self) -> int:
        """The exit status: 1 when a recording of this run failed or was cancelled."""
        cancelled_before = await self._cancelled()
        idle = asyncio.create_task(self._idle())
        while not idle.done():
            await self._tell(TAKE_SECONDS)
        await idle
        while await self._tell(LAST_TAKE_SECONDS):
            pass
        results = list(self._ended.values())
        self._voice.table(results)
        bad = any(result.failed for result in results) or await self._cancelled() > cancelled_before
        return 1 if bad else 0

    async def _tell(self, seconds: float) -> int:
        """How many there were."""
        results = await self._results.take(seconds)
        for result in results:
            self._ended[result.names] = result
            self._voice.result(result)
        return len(results)

    async def _idle(self) -> None:
        in_a_row = 0
        while in_a_row < IDLE_IN_A_ROW:
            await asyncio.sleep(POLL_SECONDS)
            status = await self._status()
            in_a_row = in_a_row + 1 if status and is_idle(status) else 0

    async def _cancelled(self) -> int:
        status = await self._status()
        return int(status["recordings"]["cancelled"]) if status else 0

    async def _status(self) -> dict[str, Any] | None:
        """Of all tenants; None while the gateway or what is behind it does not answer."""
        headers = bearer(self._credentials, subject=OWN_SUBJECT)
        try:
            answer = await self._client.get("/v1/status", headers=headers)
        except httpx.TransportError:
            return None
        status: dict[str, Any] | None = answer.json() if answer.is_success else None
        return status


@asynccontextmanager
async def watch(broker: Broker, installation: Installation, voice: Voice) -> AsyncIterator[Watch]:
    """Of what happens from now on."""
    async with httpx.AsyncClient(base_url=installation.gateway_url, timeout=TIMEOUTS, trust_env=False) as client:
        results = Results(broker, client, installation.credentials)
        await results.begin()
        yield Watch(results, client, installation.credentials, voice)
