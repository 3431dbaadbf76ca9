"""Calls to the services behind the gateway: bounded in every direction, signed, and streamed back."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx
from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from ai2text.api_gateway.settings import GatewaySettings
from ai2text.common import caller_token, tracing
from ai2text.common.clock import utc_now
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.inside import Caller
from ai2text.common.errors import Unavailable

FIRST_ERROR, FIRST_SERVER_ERROR = 400, 500
WITH_BODY = ("POST", "PUT", "PATCH")
PASSED_ON = ("content-type", "content-length", "content-digest", "x-checksum-sha256", "range", "if-range")
PASSED_BACK = ("content-type", "content-length", "content-range", "accept-ranges", "etag", "retry-after")
"""Of a request and of a service's answer; everything else, hop-by-hop headers above all, stays where it is."""


class Service:
    """One service, by its fixed address."""

    def __init__(self, client: httpx.AsyncClient, base_url: str, caller_key: str) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._caller_key = caller_key

    async def forward(self, request: Request, caller: Caller) -> StreamingResponse:
        """The same request to the service, body and all, and its answer as it comes. Raises Unavailable."""
        passed_on = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        body = request.stream() if request.method in WITH_BODY else None
        answer = await self._send(request.method, request.url.path, request.url.query, caller, passed_on, body)
        headers = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
        return StreamingResponse(
            answer.aiter_raw(), answer.status_code, headers, background=BackgroundTask(answer.aclose)
        )

    async def get(self, path: str, caller: Caller, query: dict[str, str] | None = None) -> dict[str, Any]:
        """A small JSON answer. Raises Unavailable also when it is an error."""
        result: dict[str, Any] = json.loads(await self.read(path, caller, query))
        return result

    async def read(self, path: str, caller: Caller, query: dict[str, str] | None = None) -> bytes:
        """A whole answer. Raises Unavailable also when it is an error."""
        _, body = await self._told(FIRST_ERROR, "GET", path, caller, urlencode(query or {}))
        return body

    async def ask(self, method: str, path: str, caller: Caller) -> tuple[int, dict[str, Any]]:
        """The status, and the JSON of an answer or a refusal, without a body of our own. Raises Unavailable for 5xx."""
        status, body = await self._told(FIRST_SERVER_ERROR, method, path, caller)
        return status, json.loads(body)

    async def post(
        self, path: str, query: dict[str, str], content: AsyncIterator[bytes], caller: Caller
    ) -> tuple[int, dict[str, Any]]:
        """The status, and the JSON of an answer or a refusal. Raises Unavailable for 5xx."""
        status, body = await self._told(FIRST_SERVER_ERROR, "POST", path, caller, urlencode(query), content=content)
        return status, json.loads(body)

    async def tell(self, path: str, document: object, caller: Caller) -> tuple[int, bytes]:
        """A contract, or several as a tuple; the status and the answer or refusal. Raises Unavailable for 5xx."""
        headers = {"Content-Type": "application/json"}
        return await self._told(FIRST_SERVER_ERROR, "POST", path, caller, headers=headers, content=encode(document))

    async def _told(
        self,
        worst: int,
        method: str,
        path: str,
        caller: Caller,
        query: str = "",
        *,
        headers: dict[str, str] | None = None,
        content: AsyncIterator[bytes] | bytes | None = None,
    ) -> tuple[int, bytes]:
        """A whole answer. Raises Unavailable also for a status from `worst` on."""
        status, body = await _whole(await self._send(method, path, query, caller, headers or {}, content))
        if status >= worst:
            raise Unavailable(f"{self._base_url}{path} answered {status}: {body[:200]!r}")
        return status, body

    async def _send(
        self,
        method: str,
        path: str,
        query: str,
        caller: Caller,
        headers: dict[str, str],
        body: AsyncIterator[bytes] | bytes | None,
    ) -> httpx.Response:
        signed = caller_token.sign(caller, self._caller_key, utc_now)
        own = {caller_token.HEADER: signed, "Accept-Encoding": "identity", **tracing.outgoing_headers()}
        url = httpx.URL(f"{self._base_url}{path}", query=query.encode())
        request = self._client.build_request(method, url, headers={**headers, **own}, content=body)
        try:
            return await self._client.send(request, stream=True)
        except httpx.TransportError as exc:
            raise Unavailable(f"{self._base_url} does not answer: {exc!r}") from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that stand behind the gateway."""

    metadata: Service
    ingestion: Service
    orchestrator: Service


async def _whole(answer: httpx.Response) -> tuple[int, bytes]:
    try:
        return answer.status_code, await answer.aread()
    except httpx.TransportError as exc:
        raise Unavailable(f"{answer.url.host} broke off: {exc!r}") from exc
    finally:
        await answer.aclose()


@asynccontextmanager
async def inside_client(settings: GatewaySettings) -> AsyncIterator[httpx.AsyncClient]:
    timeout = httpx.Timeout(
        connect=settings.connect_timeout_seconds,
        read=settings.read_timeout_seconds,
        write=settings.write_timeout_seconds,
        pool=settings.pool_timeout_seconds,
    )
    limits = httpx.Limits(max_connections=settings.connections, max_keepalive_connections=settings.connections)
    async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False, follow_redirects=False) as client:
        yield client
