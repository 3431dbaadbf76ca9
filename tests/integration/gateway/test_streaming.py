"""Bodies go through the gateway as they come, in both directions; nothing of them stays."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ai2text.common.http_server import listen, serve_http
from tests.fixtures.gateway import KEY, bearer
from tests.fixtures.memory import Peaks
from tests.fixtures.service_process import Servers, ServiceProcess

BLOCK = bytes(1 << 20)
GROWTH_BYTES = 64 << 20
RECORDING = "00000000-0000-0000-0000-000000000001"
SIZES = [1 << 30, pytest.param(5 << 30, marks=pytest.mark.slow)]


async def swallow(request: Request) -> Response:
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
    return JSONResponse({"received": received}, 202)


async def pour(request: Request) -> Response:
    """As many blocks as its query says: the gateway hands it on."""
    count = int(request.query_params["blocks"])

    async def blocks() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield BLOCK

    return StreamingResponse(blocks(), headers={"Content-Length": str(count * len(BLOCK))})


async def no_quota(_: Request) -> Response:
    return JSONResponse({"quota": None})


BEHIND = Starlette(
    routes=[
        Route("/v1/quota", no_quota),
        Route("/v1/recordings", swallow, methods=["POST"]),
        Route("/v1/recordings/{id}/audio", pour),
    ]
)


@dataclass
class Door:
    port: int
    process: ServiceProcess


@pytest.fixture
async def door(servers: Servers, tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[Door]:
    """A gateway of its own, before services that take and give anything."""
    stop, listener = asyncio.Event(), listen("127.0.0.1", 0)
    serving = asyncio.create_task(serve_http(BEHIND, listener, stop))
    behind = f"http://127.0.0.1:{listener.getsockname()[1]}"
    env = {f"AI2TEXT_GATEWAY_{name}_URL": behind for name in ("METADATA", "INGESTION", "ORCHESTRATOR")}
    env |= {"AI2TEXT_GATEWAY_PORT": f"{unused_tcp_port}", "AI2TEXT_JWT_KEY": KEY, "AI2TEXT_CALLER_KEY": KEY}
    process = ServiceProcess("api_gateway", tmp_path, servers, {**env, "AI2TEXT_LOG_LEVEL": "info"})
    await asyncio.to_thread(process.start)
    yield Door(unused_tcp_port, process)
    assert await asyncio.to_thread(process.stop) == 0, process.tail()
    stop.set()
    await serving


def sent(port: int, size: int) -> tuple[int, bytes]:
    blocks: Iterator[bytes] = (BLOCK for _ in range(size // len(BLOCK)))
    headers = {**bearer("recordings:write"), "Content-Length": str(size), "Content-Type": "application/octet-stream"}
    with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.request("POST", "/v1/recordings", blocks, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def fetched(port: int, size: int) -> int:
    path = f"/v1/recordings/{RECORDING}/audio?blocks={size // len(BLOCK)}"
    received, buffer = 0, bytearray(1 << 20)
    with closing(HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        connection.request("GET", path, headers=bearer())
        answer = connection.getresponse()
        while count := answer.readinto(buffer):
            received += count
    return received


@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", SIZES)
async def test_gigabytes_cost_the_gateway_constant_memory_either_way(door: Door, size: int) -> None:
    await asyncio.to_thread(sent, door.port, 1 << 20)  # what is loaded once is loaded
    assert door.process.process is not None
    peaks = Peaks({"gateway": door.process.process.pid})
    peaks.start()
    assert await asyncio.to_thread(sent, door.port, size) == (202, b'{"received":%d}' % size)
    assert await asyncio.to_thread(fetched, door.port, size) == size
    assert peaks.growth()["gateway"] < GROWTH_BYTES


async def test_who_does_not_read_holds_the_service_back_and_takes_no_memory(door: Door) -> None:
    assert door.process.process is not None
    peaks = Peaks({"gateway": door.process.process.pid})
    peaks.start()
    with socket.create_connection(("127.0.0.1", door.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        token = bearer()["Authorization"]
        path = f"/v1/recordings/{RECORDING}/audio?blocks=2048"
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: {token}\r\n\r\n".encode())
        await asyncio.sleep(2)
    assert peaks.growth()["gateway"] < GROWTH_BYTES


@pytest.mark.lesson("L16")
async def test_l16_a_gateway_keeps_no_connection_of_a_caller_who_has_left(door: Door) -> None:
    assert door.process.process is not None
    watched = psutil.Process(door.process.process.pid)

    def connections() -> int:
        return sum(1 for one in watched.net_connections() if one.laddr.port == door.port and one.status != "LISTEN")

    for _ in range(20):
        await asyncio.to_thread(sent, door.port, 1 << 20)
    async with asyncio.timeout(10):
        while connections():
            await asyncio.sleep(0.1)
