"""What holds for every request from outside, before any route is asked."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ai2text.api_gateway.body_limits import DOCUMENT_BYTES
from ai2text.common.http_server import listen, serve_http
from tests.fixtures.gateway import bearer, gateway

ORIGIN = "https://console.example.org"
AUDIO_BYTES = 3 << 20


async def swallow(request: Request) -> Response:
    async for _ in request.stream():
        pass
    return JSONResponse({"quota": None})  # of which the gateway asks first


@pytest.fixture
async def door() -> AsyncIterator[httpx.AsyncClient]:
    """Before a service that takes everything."""
    stop, listener = asyncio.Event(), listen("127.0.0.1", 0)
    behind = Starlette(routes=[Route("/{path:path}", swallow, methods=["GET", "POST"])])
    serving = asyncio.create_task(serve_http(behind, listener, stop))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with gateway(url, max_upload_bytes=AUDIO_BYTES, cors_origins=(ORIGIN,)) as client:
        yield client
    stop.set()
    await serving


FORM = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'


def whole(size: int) -> bytes:
    return FORM + bytes(size - len(FORM))


async def blocks(size: int) -> AsyncIterator[bytes]:
    yield FORM
    size -= len(FORM)
    yield bytes(size % 1024)
    for _ in range(size >> 10):
        yield bytes(1 << 10)


LIMITS = {"/v1/datasets": DOCUMENT_BYTES, "/v1/recordings": AUDIO_BYTES, "/v1/audio/transcriptions": AUDIO_BYTES}
SCOPES = "recordings:write datasets:write"


@pytest.mark.parametrize(("path", "most"), LIMITS.items())
@pytest.mark.parametrize("body", [whole, blocks], ids=["told", "in chunks"])
async def test_a_body_that_is_too_large_is_refused_whether_or_not_its_length_is_told(
    door: httpx.AsyncClient, path: str, most: int, body: Callable[[int], bytes | AsyncIterator[bytes]]
) -> None:
    headers = {**bearer(SCOPES), "Content-Type": "multipart/form-data; boundary=x"}
    answer = await door.post(path, headers=headers, content=body(most + 1024))
    assert answer.status_code == 413
    assert str(most) in answer.text


async def test_a_body_that_is_just_small_enough_passes(door: httpx.AsyncClient) -> None:
    for body in (whole(AUDIO_BYTES), blocks(AUDIO_BYTES)):
        assert (await door.post("/v1/recordings", headers=bearer(SCOPES), content=body)).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
async def test_what_would_have_to_be_unpacked_is_refused(door: httpx.AsyncClient, encoding: str) -> None:
    for path in LIMITS:
        answer = await door.post(path, headers={**bearer(SCOPES), "Content-Encoding": encoding}, content=b"x")
        assert answer.status_code == 415


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/redoc", "/", "/v1"])
async def test_nothing_of_the_inside_is_served_outside(door: httpx.AsyncClient, path: str) -> None:
    assert (await door.get(path, headers=bearer())).status_code == 404


@pytest.mark.parametrize("path", ["/v1/recordings", "/v1/audio/transcriptions", "/nowhere"])
async def test_every_answer_tells_browsers_to_keep_their_hands_off(door: httpx.AsyncClient, path: str) -> None:
    answer = await door.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-request-id"]
    assert "server" not in answer.headers


async def test_pages_of_a_known_origin_may_call_and_read_errors_too(door: httpx.AsyncClient) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = await door.options("/v1/recordings", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    for status, headers in ((401, {}), (415, {"Content-Encoding": "gzip"}), (403, bearer("admin"))):
        answer = await door.get("/v1/recordings", headers={"Origin": ORIGIN, **headers})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, ORIGIN)
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.lesson("L40")
@pytest.mark.parametrize("origin", ["https://evil.example", f"{ORIGIN}.evil.example", "null", ORIGIN.upper()])
async def test_l40_pages_of_other_origins_may_not(door: httpx.AsyncClient, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    assert (await door.options("/v1/recordings", headers=asked)).status_code == 400
    answer = await door.get("/v1/recordings", headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers


async def test_who_asks_too_often_is_refused_in_the_form_of_the_path(unused_tcp_port: int) -> None:
    async with gateway(f"http://127.0.0.1:{unused_tcp_port}", requests_burst=2, requests_per_second=0.1) as door:
        for _ in range(2):
            assert (await door.get("/v1/recordings", headers=bearer())).status_code == 503
        answer = await door.get("/v1/recordings", headers=bearer())
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
        assert 0 < int(answer.headers["retry-after"]) <= 10
        answer = await door.get("/v1/models", headers=bearer())
        assert (answer.status_code, answer.json()["error"]["type"]) == (429, "rate_limit_error")
        assert (await door.get("/v1/recordings", headers=bearer(tenant="u"))).status_code == 503
