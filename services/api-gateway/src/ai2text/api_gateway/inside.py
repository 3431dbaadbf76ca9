"""Calls to the services behind the gateway: bounded in every direction, signed, and streamed back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from ai2text.api_gateway.circuit import Circuit
from ai2text.api_gateway.settings import GatewaySettings
from ai2text.common import caller_token, tracing
from ai2text.common.clock import utc_now
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.inside import Caller
from ai2text.common.errors import Unavailable

LONGEST_WAIT_SECONDS = 60.0
"""That a request may ask a service to wait for something."""
SLOWEST_WORK_BYTES_A_SECOND = 4 << 20
LONGEST_WORK_SECONDS = 900.0
SMALL_BYTES = 1 << 16
AGAIN_SECONDS = 0.1
FIRST_ERROR, FIRST_SERVER_ERROR = 400, 500
WITH_BODY = ("POST", "PUT", "PATCH")
PASSED_ON = (
    "content-type",
    "content-length",
    "content-digest",
    "x-checksum-sha256",
    "range",
    "if-range",
    "if-none-match",
    "if-match",
)
PASSED_BACK = ("content-type", "content-length", "content-range", "accept-ranges", "etag", "retry-after")
"""Of a request and of a service's answer; everything else, hop-by-hop headers above all, stays where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    method: str
    path: str
    caller: Caller
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    content: AsyncIterator[bytes] | bytes | None = None
    work_seconds: float = 0
    """How much longer than usual the service may take."""


class Service:
    """One service, by its fixed address."""

    def __init__(self, client: httpx.AsyncClient, base_url: str, caller_key: str) -> None:
        self._client = client
        self._base_url = base_url.rstrip("/")
        self._caller_key = caller_key
        self._circuit = Circuit(self._base_url)

    async def forward(self, request: Request, caller: Caller, work_seconds: float | None = None) -> Response:
        """The same request to the service, body and all, and its answer as it comes. Raises Unavailable.

        `work_seconds` is how much longer than usual the service may take; else it follows the length of the body.
        """
        call = _Call(
            method=request.method,
            path=quote(request.scope["path"]),  # it was decoded, and may hold anything
            caller=caller,
            query=request.url.query,
            headers={name: request.headers[name] for name in PASSED_ON if name in request.headers},
            content=request.stream() if request.method in WITH_BODY else None,
            work_seconds=_work_on(request) if work_seconds is None else work_seconds,
        )
        answer = await self._send(call)
        headers = {name: answer.headers[name] for name in PASSED_BACK if name in answer.headers}
        if int(headers.get("content-length", SMALL_BYTES)) < SMALL_BYTES:  # streaming costs more than it is worth
            return Response((await _whole(answer))[1], answer.status_code, headers)
        return StreamingResponse(
            answer.aiter_raw(), answer.status_code, headers, background=BackgroundTask(answer.aclose)
        )

    async def get(self, path: str, caller: Caller, query: dict[str, str] | None = None) -> dict[str, Any]:
        """A small JSON answer. Raises Unavailable also when it is an error."""
        result: dict[str, Any] = json.loads(await self.read(path, caller, query))
        return result

    async def read(self, path: str, caller: Caller, query: dict[str, str] | None = None) -> bytes:
        """A whole answer. Raises Unavailable also when it is an error."""
        call = _Call(method="GET", path=path, caller=caller, query=urlencode(query or {}))
        _, body = await self._told(call, FIRST_ERROR)
        return body

    async def ask(self, method: str, path: str, caller: Caller) -> tuple[int, dict[str, Any]]:
        """The status, and the JSON of an answer or a refusal, without a body of our own. Raises Unavailable for 5xx."""
        status, body = await self._told(_Call(method=method, path=path, caller=caller))
        return status, json.loads(body)

    async def post(
        self, path: str, query: dict[str, str], audio: AsyncIterator[bytes], caller: Caller
    ) -> tuple[int, dict[str, Any]]:
        """The status, and the JSON of an answer or a refusal. Raises Unavailable for 5xx."""
        call = _Call(
            method="POST",
            path=path,
            caller=caller,
            query=urlencode(query),
            content=audio,
            work_seconds=LONGEST_WORK_SECONDS,
        )
        status, body = await self._told(call)
        return status, json.loads(body)

    async def tell(self, path: str, document: object, caller: Caller) -> tuple[int, bytes]:
        """A contract, or several as a tuple; the status and the answer or refusal. Raises Unavailable for 5xx."""
        headers = {"Content-Type": "application/json"}
        return await self._told(
            _Call(method="POST", path=path, caller=caller, headers=headers, content=encode(document))
        )

    async def _told(self, call: _Call, worst: int = FIRST_SERVER_ERROR) -> tuple[int, bytes]:
        """A whole answer. Raises Unavailable also for a status from `worst` on."""
        status, body = await _whole(await self._send(call))
        if status >= worst:
            raise Unavailable(f"{self._base_url}{call.path} answered {status}: {body[:200]!r}")
        return status, body

    async def _send(self, call: _Call) -> httpx.Response:
        self._circuit.check()
        try:
            answer = await self._sent(call)
        except httpx.PoolTimeout as exc:
            raise Unavailable(f"{self._base_url} has more to do than it can.") from exc
        except httpx.TransportError as exc:
            self._circuit.failed()
            raise Unavailable(f"{self._base_url} does not answer: {exc!r}") from exc
        self._circuit.succeeded()
        return answer

    async def _sent(self, call: _Call) -> httpx.Response:
        """A read whose connection broke before the answer is sent once more: nothing was done yet that is to be."""
        try:
            return await self._client.send(self._request(call), stream=True)
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            if call.method != "GET":
                raise
        await asyncio.sleep(AGAIN_SECONDS)
        return await self._client.send(self._request(call), stream=True)

    def _request(self, call: _Call) -> httpx.Request:
        signed = caller_token.sign(call.caller, self._caller_key, utc_now)
        own = {caller_token.HEADER: signed, "Accept-Encoding": "identity", **tracing.outgoing_headers()}
        url = httpx.URL(f"{self._base_url}{call.path}", query=call.query.encode())
        timeout = self._client.timeout.as_dict()
        timeout["read"] = (timeout["read"] or 0) + call.work_seconds + _asked_to_wait(url)
        return self._client.build_request(
            call.method, url, headers={**call.headers, **own}, content=call.content, extensions={"timeout": timeout}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All that stand behind the gateway."""

    metadata: Service
    ingestion: Service
    orchestrator: Service


def _work_on(request: Request) -> float:
    """Audio is decoded from end to end before it is answered."""
    if "transfer-encoding" in request.headers:
        return LONGEST_WORK_SECONDS
    return min(int(request.headers.get("content-length") or 0) / SLOWEST_WORK_BYTES_A_SECOND, LONGEST_WORK_SECONDS)


def _asked_to_wait(url: httpx.URL) -> float:
    """A long poll; what is no number is for the service to refuse."""
    try:
        return min(max(float(url.params.get("wait", 0)), 0.0), LONGEST_WAIT_SECONDS)
    except ValueError:
        return 0.0


async def _whole(answer: httpx.Response) -> tuple[int, bytes]:
    try:
        return answer.status_code, await answer.aread()
    except httpx.TransportError as exc:
        raise Unavailable(f"{answer.url.host} broke off: {exc!r}") from exc
    finally:
        await answer.aclose()


@asynccontextmanager
async def connected(settings: GatewaySettings, caller_key: str) -> AsyncIterator[Services]:
    """Each with connections of its own: one that is deaf keeps none that another one needs."""
    async with AsyncExitStack() as stack:

        async def service(url: str) -> Service:
            return Service(await stack.enter_async_context(inside_client(settings)), url, caller_key)

        yield Services(
            metadata=await service(settings.metadata_url),
            ingestion=await service(settings.ingestion_url),
            orchestrator=await service(settings.orchestrator_url),
        )


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
