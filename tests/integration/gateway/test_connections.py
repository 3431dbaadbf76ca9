"""Bytes from outside: what has two meanings, is too much, or comes too slowly; over real sockets."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from ai2text.api_gateway.guarded_protocol import ConnectionLimits, guarded_by
from ai2text.api_gateway.guarded_socket import GuardedSocket
from ai2text.common.http_server import listen, serve_http

LIMITS = ConnectionLimits(connections=20, head_seconds=0.5, pause_seconds=1.0)
ANSWER_SECONDS = 10


async def echo(request: Request) -> Response:
    body = await request.body()
    return PlainTextResponse(f"{request.method} {request.url.path} {len(body)}")


async def refuse(_: Request) -> Response:
    return PlainTextResponse("no", 401)


async def patient(request: Request) -> Response:
    await asyncio.sleep(2.5)
    return PlainTextResponse(str(len(await request.body())))


async def endless(_: Request) -> Response:
    async def blocks() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1 << 20)
            await asyncio.sleep(0)

    return StreamingResponse(blocks())


async def endless_socket(websocket: WebSocket) -> None:
    await websocket.accept()
    while True:
        await websocket.send_bytes(bytes(1 << 20))


async def silent_socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.receive()


class Socket(GuardedSocket):
    pause_seconds = LIMITS.pause_seconds


APP = Starlette(
    routes=[
        Route("/refuse", refuse, methods=["POST"]),
        Route("/patient", patient, methods=["POST"]),
        Route("/endless", endless),
        WebSocketRoute("/endless", endless_socket),
        WebSocketRoute("/silent", silent_socket),
        Route("/{path:path}", echo, methods=["GET", "POST"]),
    ]
)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    stop, listener = asyncio.Event(), listen("127.0.0.1", 0)
    serving = asyncio.create_task(serve_http(APP, listener, stop, guarded_by(LIMITS), Socket))
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        await asyncio.wait_for(serving, ANSWER_SECONDS)


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self) -> tuple[int, bytes]:
        async with asyncio.timeout(ANSWER_SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
            headers = {line.split(b":", 1)[0].lower(): line.split(b":", 1)[1].strip() for line in head[1:] if line}
            return int(head[0].split()[1]), await self.reader.readexactly(int(headers[b"content-length"]))

    async def ends(self) -> float:
        """Seconds until the connection is closed."""
        began = time.monotonic()
        async with asyncio.timeout(ANSWER_SECONDS):
            try:
                while await self.reader.read(1 << 20):
                    pass
            except ConnectionResetError:
                pass
        return time.monotonic() - began


Connect = Callable[[], Awaitable[Client]]


@pytest.fixture
async def connect(port: int) -> AsyncIterator[Connect]:
    clients: list[Client] = []

    async def connected() -> Client:
        clients.append(Client(*await asyncio.open_connection("127.0.0.1", port)))
        return clients[-1]

    yield connected
    for client in clients:
        client.writer.close()
        with suppress(ConnectionError):
            await client.writer.wait_closed()


async def said(connect: Connect, content: bytes) -> tuple[int, bytes]:
    client = await connect()
    client.writer.write(content)
    answer = await client.answer()
    client.writer.close()
    return answer


def request(first: str = "GET /x HTTP/1.1", *headers: str, body: bytes = b"", host: str | None = "a.example") -> bytes:
    lines = [first, *([f"Host: {host}"] if host is not None else []), *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def test_an_ordinary_request_is_answered(connect: Connect) -> None:
    assert await said(connect, request()) == (200, b"GET /x 0")
    assert await said(connect, request("POST /x HTTP/1.1", "Content-Length: 3", body=b"abc")) == (200, b"POST /x 3")
    chunked = request("POST /x HTTP/1.1", "Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\n\r\n")
    assert await said(connect, chunked) == (200, b"POST /x 3")


async def test_requests_one_after_the_other_and_ahead_of_their_answers_share_a_connection(connect: Connect) -> None:
    client = await connect()
    post = request("POST /x HTTP/1.1", "Content-Length: 3", body=b"abc")
    client.writer.write(request() + post + request())
    assert [await client.answer() for _ in range(3)] == [(200, b"GET /x 0"), (200, b"POST /x 3"), (200, b"GET /x 0")]
    await asyncio.sleep(2 * LIMITS.head_seconds)
    client.writer.write(request())
    assert await client.answer() == (200, b"GET /x 0")


TWO_MEANINGS = {
    "length and chunks": request(
        "POST /x HTTP/1.1", "Content-Length: 3", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"
    ),
    "chunks and length": request(
        "POST /x HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 3", body=b"0\r\n\r\n"
    ),
    "two lengths": request("POST /x HTTP/1.1", "Content-Length: 3", "Content-Length: 4", body=b"abcd"),
    "the same length twice": request("POST /x HTTP/1.1", "Content-Length: 3", "Content-Length: 3", body=b"abc"),
    "a list of lengths": request("POST /x HTTP/1.1", "Content-Length: 3, 3", body=b"abc"),
    "a signed length": request("POST /x HTTP/1.1", "Content-Length: +3", body=b"abc"),
    "a negative length": request("POST /x HTTP/1.1", "Content-Length: -3", body=b"abc"),
    "a hexadecimal length": request("POST /x HTTP/1.1", "Content-Length: 0x3", body=b"abc"),
    "chunked twice": request("POST /x HTTP/1.1", "Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"),
    "chunked in two headers": request(
        "POST /x HTTP/1.1", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"
    ),
    "compressed chunks": request("POST /x HTTP/1.1", "Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "hidden chunks": request("POST /x HTTP/1.1", "Transfer-Encoding: xchunked", "Content-Length: 3", body=b"abc"),
    "chunks with a space": request("POST /x HTTP/1.1", "Transfer-Encoding : chunked", body=b"0\r\n\r\n"),
    "chunks after a tab": request("POST /x HTTP/1.1", "Transfer-Encoding:\x0bchunked", body=b"0\r\n\r\n"),
    "bare line feeds": request().replace(b"\r\n", b"\n"),
    "one bare line feed": request("GET /x HTTP/1.1", "A: b\nContent-Length: 3", body=b"abc"),
    "a bare carriage return": request("GET /x HTTP/1.1", "A: b\rContent-Length: 3"),
    "a folded header": request("GET /x HTTP/1.1", "A: b\r\n  c"),
    "a NUL in a header": request("GET /x HTTP/1.1", "A: b\0c"),
    "no host": request(host=None),
    "two hosts": request("GET /x HTTP/1.1", "Host: b.example"),
    "the same host twice": request("GET /x HTTP/1.1", "Host: a.example"),
    "an empty host": request(host=""),
    "a host with a path": request(host="a.example/x"),
    "a host with a user": request(host="me@a.example"),
    "a host with a space": request(host="a.example b.example"),
    "a whole URL": request("GET http://b.example/x HTTP/1.1"),
    "no path": request("GET x HTTP/1.1"),
    "two tokens": request("GET /x HTTP/1.1", "Authorization: Bearer a", "Authorization: Bearer b"),
    "two kinds of content": request("GET /x HTTP/1.1", "Content-Type: a/b", "Content-Type: c/d"),
    "no version": b"GET /x\r\n\r\n",
    "another version": request("GET /x HTTP/3.7"),
    "another protocol": b"SSH-2.0-OpenSSH_9.0\r\n",
    "TLS": bytes.fromhex("16030100a5010000a10303") + bytes(100),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a chunk of no size": request("POST /x HTTP/1.1", "Transfer-Encoding: chunked", body=b"zz\r\nabc\r\n0\r\n\r\n"),
    "a chunk of a huge size": request("POST /x HTTP/1.1", "Transfer-Encoding: chunked", body=b"f" * 17 + b"\r\n"),
}


@pytest.mark.parametrize("content", TWO_MEANINGS.values(), ids=TWO_MEANINGS)
async def test_what_could_be_read_in_two_ways_is_refused_and_the_connection_ends(
    connect: Connect, content: bytes
) -> None:
    client = await connect()
    client.writer.write(content)
    status, body = await client.answer()
    assert status == 400
    assert json.loads(body)["status"] == 400
    assert await client.ends() < 1


TOO_MUCH = {
    "a long URL": (request(f"GET /{'x' * LIMITS.url_bytes} HTTP/1.1"), 414),
    "a long header": (request("GET /x HTTP/1.1", f"A: {'x' * LIMITS.head_bytes}"), 431),
    "many headers": (request("GET /x HTTP/1.1", *(f"A{n}: b" for n in range(LIMITS.headers))), 431),
}


@pytest.mark.parametrize(("content", "expected"), TOO_MUCH.values(), ids=TOO_MUCH)
async def test_too_much_before_the_body_is_refused(connect: Connect, content: bytes, expected: int) -> None:
    status, body = await said(connect, content)
    assert (status, json.loads(body)["status"]) == (expected, expected)


async def test_a_header_without_end_is_refused_long_before_memory_is(connect: Connect) -> None:
    client = await connect()
    client.writer.write(b"GET /x HTTP/1.1\r\nHost: a.example\r\nA: ")
    for _ in range(LIMITS.head_bytes // 1000 + 100):
        client.writer.write(b"x" * 1000)
    assert (await client.answer())[0] == 431


async def test_nor_does_one_that_is_sent_while_another_request_is_answered_take_any_memory(connect: Connect) -> None:
    client = await connect()
    client.writer.write(request("POST /patient HTTP/1.1", "Content-Length: 0"))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    client.writer.write(b"GET /x HTTP/1.1\r\nHost: a.example\r\nA: ")
    for _ in range(LIMITS.head_bytes // 1000 + 100):
        client.writer.write(b"x" * 1000)
    assert (await client.answer())[0] == 431
    assert time.monotonic() - began < LIMITS.head_seconds


SLOW_HEADS = {"nothing": b"", "half a line": b"GET /x HT", "half a head": b"GET /x HTTP/1.1\r\nHost: a.example\r\n"}


@pytest.mark.parametrize("content", SLOW_HEADS.values(), ids=SLOW_HEADS)
async def test_who_does_not_finish_the_head_is_not_waited_for(connect: Connect, content: bytes) -> None:
    client = await connect()
    client.writer.write(content)
    assert (await client.answer())[0] == 408
    assert await client.ends() < 1


@pytest.mark.parametrize("drop", [b"\r\n", b"A: b\r\n"], ids=["empty lines", "headers"])
async def test_a_drop_at_a_time_does_not_lengthen_the_wait(connect: Connect, drop: bytes) -> None:
    client = await connect()
    client.writer.write(request())
    assert (await client.answer())[0] == 200
    client.writer.write(b"\r\n" if drop == b"\r\n" else b"GET /x HTTP/1.1\r\n")
    dropping = asyncio.create_task(drops(client, drop))
    assert (await client.answer())[0] == 408
    assert await client.ends() < 1
    dropping.cancel()


async def drops(client: Client, drop: bytes, pause_seconds: float = 0.1) -> None:
    while not client.writer.is_closing():
        client.writer.write(drop)
        await asyncio.sleep(pause_seconds)


@pytest.mark.parametrize(("drop", "pause_seconds"), [(b"", 0.5), (b"x", 0.2)], ids=["nothing", "a byte at a time"])
async def test_a_body_that_comes_too_slowly_is_not_waited_for(
    connect: Connect, drop: bytes, pause_seconds: float
) -> None:
    client = await connect()
    client.writer.write(request("POST /x HTTP/1.1", "Content-Length: 1000000", body=b"abc"))
    dropping = asyncio.create_task(drops(client, drop, pause_seconds))
    assert (await client.answer())[0] == 408
    assert await client.ends() < 1
    dropping.cancel()


async def test_who_waits_for_us_is_not_slow(connect: Connect) -> None:
    size = 50 << 20
    client = await connect()
    client.writer.write(request("POST /patient HTTP/1.1", f"Content-Length: {size}"))
    writing = asyncio.create_task(written(client, size))
    assert await client.answer() == (200, str(size).encode())
    await writing


async def written(client: Client, size: int) -> None:
    for _ in range(size >> 20):
        client.writer.write(bytes(1 << 20))
        await client.writer.drain()


async def test_a_refused_sender_reads_why_and_is_cut_off(connect: Connect) -> None:
    client = await connect()
    client.writer.write(request("POST /refuse HTTP/1.1", "Content-Length: 5000000000", body=bytes(1 << 16)))
    assert await client.answer() == (401, b"no")
    sending = asyncio.create_task(drops(client, bytes(1 << 16), 0.01))
    assert 1 < await client.ends() < 4
    sending.cancel()


async def test_a_refused_sender_of_little_keeps_the_connection(connect: Connect) -> None:
    client = await connect()
    client.writer.write(request("POST /refuse HTTP/1.1", "Content-Length: 10", body=b"abc"))
    assert await client.answer() == (401, b"no")
    client.writer.write(b"defghij" + request())
    assert await client.answer() == (200, b"GET /x 0")


UPGRADE = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="


@pytest.mark.parametrize("headers", [(), (*UPGRADE, KEY)], ids=["http", "websocket"])
async def test_who_does_not_read_is_dropped(port: int, headers: tuple[str, ...]) -> None:
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 17)
        client.sendall(request("GET /endless HTTP/1.1", *headers))
        client.setblocking(False)
        await asyncio.sleep(3 * LIMITS.pause_seconds)
        assert await asyncio.to_thread(drained, client)


def drained(client: socket.socket) -> bool:
    """Whether the connection ends after what lay in its buffers."""
    client.settimeout(ANSWER_SECONDS)
    try:
        while client.recv(1 << 20):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    "headers",
    [
        (*UPGRADE,),
        (*UPGRADE, "Sec-WebSocket-Key: short"),
        ("Upgrade: websocket", "Connection: Upgrade", KEY),
        ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 99", KEY),
    ],
)
async def test_half_an_upgrade_is_refused(connect: Connect, headers: tuple[str, ...]) -> None:
    client = await connect()
    client.writer.write(request("GET /endless HTTP/1.1", *headers))
    async with asyncio.timeout(ANSWER_SECONDS):
        first = await client.reader.readline()
    assert first.split()[1] in {b"400", b"426"}
    await client.ends()


@pytest.mark.parametrize("upgrade", ["h2c", "tls/1.0", "websocket, h2c"])
async def test_any_other_upgrade_is_no_upgrade(connect: Connect, upgrade: str) -> None:
    asked = request("GET /x HTTP/1.1", f"Upgrade: {upgrade}", "Connection: Upgrade")
    assert (await said(connect, asked))[0] in {200, 400}


async def test_a_websocket_that_says_too_much_is_closed(connect: Connect) -> None:
    client = await connect()
    client.writer.write(request("GET /silent HTTP/1.1", *UPGRADE, KEY))
    async with asyncio.timeout(ANSWER_SECONDS):
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    client.writer.write(b"\x82\xff" + (1 << 40).to_bytes(8) + bytes(4))  # a terabyte is announced
    assert await client.ends() < ANSWER_SECONDS


async def test_connections_beyond_the_most_are_refused_and_others_are_not(connect: Connect) -> None:
    clients = [await connect() for _ in range(LIMITS.connections)]
    for client in clients:
        client.writer.write(request())
        assert (await client.answer())[0] == 200
    assert (await said(connect, b""))[0] == 503
    clients[0].writer.write(request())
    assert (await clients[0].answer())[0] == 200
    for client in clients:
        client.writer.close()
    await until_answered(connect, lambda status: status == 200)


async def until_answered(connect: Connect, condition: Callable[[int], Any]) -> None:
    async with asyncio.timeout(ANSWER_SECONDS):
        while not condition((await said(connect, request()))[0]):
            await asyncio.sleep(0.05)
