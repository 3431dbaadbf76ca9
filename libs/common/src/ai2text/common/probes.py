"""The inside port of every service: alive, able to work now, and its numbers."""

import asyncio
from collections.abc import Awaitable, Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Check = Callable[[], bool | Awaitable[bool]]
CHECK_SECONDS = 3.0


class Probes:
    """Each named check asks one question; ready is when all say yes."""

    def __init__(self) -> None:
        self._ready: dict[str, Check] = {}
        self._alive: dict[str, Check] = {}

    def ready_when(self, name: str, check: Check) -> None:
        self._ready[name] = check

    def alive_while(self, name: str, check: Check) -> None:
        self._alive[name] = check

    async def ready(self) -> dict[str, bool]:
        """What each check says now."""
        return await _answers(self._ready or {"started": lambda: False})

    def app(self) -> Starlette:
        async def healthz(_: Request) -> Response:
            return _response(await _answers(self._alive))

        async def readyz(_: Request) -> Response:
            return _response(await self.ready())

        async def metrics(_: Request) -> Response:
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

        return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


async def _answers(checks: dict[str, Check]) -> dict[str, bool]:
    return {name: await _passes(check) for name, check in list(checks.items())}


def _response(answers: dict[str, bool]) -> Response:
    return JSONResponse(answers, status_code=200 if all(answers.values()) else 503)


async def _passes(check: Check) -> bool:
    answer = check()
    if isinstance(answer, bool):
        return answer
    try:
        return await asyncio.wait_for(answer, CHECK_SECONDS)
    except TimeoutError:
        return False
