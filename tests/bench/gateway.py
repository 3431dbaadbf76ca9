"""What the door costs: a small read through it, directly, and through a minimal proxy; and open event streams."""

import asyncio
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import psutil

from ai2text.cli import credentials
from ai2text.common import caller_token
from ai2text.common.clock import utc_now
from ai2text.common.contracts.inside import Caller
from tests.bench.table import Figure, Row
from tests.fixtures.stack import SAMPLES, Stack

REQUESTS = 2000
AT_ONCE = (1, 16)
STREAMS = 1000
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
MEGABYTE = 1 << 20
NO_LIMITS = {"AI2TEXT_GATEWAY_REQUESTS_PER_SECOND": "1000000", "AI2TEXT_GATEWAY_REQUESTS_BURST": "1000000"}


def run() -> list[Row]:
    with _stack() as stack:
        received = stack.post("/v1/recordings", content=(SAMPLES / "01-the-weather-is-here.wav").read_bytes()).json()
        path = f"/v1/jobs/{received['job_id']}"
        stack.get(path, wait="60")
        return [row for at_once in AT_ONCE for row in _reads(stack, path, at_once)]


def streams() -> list[Row]:
    """Of a job that a stopped worker does not begin, and of its tenant; each kind before a gateway of its own."""
    kinds = {
        "of a job": ("/v1/jobs/{job_id}/events", ""),
        "of a tenant": ("/v1/events", ""),
        "of a tenant, over WebSockets": ("/v1/events", UPGRADE),
    }
    return [_streams(name, path, headers) for name, (path, headers) in kinds.items()]


def _streams(name: str, path: str, headers: str) -> Row:
    with _stack() as stack:
        worker, gateway = stack.pid_of(r"ai2text\.asr$"), psutil.Process(stack.pid_of(r"ai2text\.api_gateway$"))
        psutil.Process(worker).suspend()
        try:
            received = stack.post(
                "/v1/recordings", content=(SAMPLES / "02-preserve-the-old-but.mp3").read_bytes()
            ).json()
            stack.get("/v1/recordings")
            before = gateway.memory_full_info().pss
            seconds, after = asyncio.run(_open_streams(stack, path.format_map(received), headers, gateway))
        finally:
            psutil.Process(worker).resume()
    return Row(
        f"{STREAMS} streams of events {name}",
        [
            Figure("opened in", f"{seconds:.1f} s"),
            Figure("memory of the gateway before", f"{before / MEGABYTE:.0f} MB"),
            Figure("with them", f"{after / MEGABYTE:.0f} MB"),
            Figure("each", f"{(after - before) / STREAMS / 1024:.0f} kB"),
        ],
    )


@contextmanager
def _stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="ai2text-bench-") as home:
        stack = Stack(Path(home), env={**NO_LIMITS, "AI2TEXT_LOG_LEVEL": "info"}).start()
        try:
            yield stack
        finally:
            stack.stop()


def _signed(stack: Stack) -> str:
    caller = Caller(tenant="default", subject="bench", scopes=frozenset(), request_id="bench")
    return caller_token.sign(caller, credentials.load(stack.data).caller_key, utc_now)


@contextmanager
def _minimal_proxy(behind: str, signed: str) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([sys.executable, "-m", "tests.bench.minimal_proxy", str(port), behind, signed]) as proxy:
        try:
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.1)
            yield port
        finally:
            proxy.send_signal(signal.SIGTERM)


def _reads(stack: Stack, path: str, at_once: int) -> list[Row]:
    signed = _signed(stack)  # for a minute
    behind = int(stack.environment_of(r"ai2text\.metadata")["AI2TEXT_METADATA_PORT"])
    with _minimal_proxy(f"http://127.0.0.1:{behind}", signed) as proxy:
        ways = {
            "metadata, directly": (behind, f"{caller_token.HEADER}: {signed}"),
            "a minimal proxy": (proxy, "A: b"),
            "the gateway": (int(stack.url.rpartition(":")[2]), f"Authorization: Bearer {stack.own_token()}"),
        }
        found = {name: asyncio.run(_asked(port, path, header, at_once)) for name, (port, header) in ways.items()}
    direct, minimal = found["metadata, directly"], found["a minimal proxy"]
    rows = []
    for name, (seconds, taken) in found.items():
        p50 = taken[len(taken) // 2]
        figures = [
            Figure("requests a second", f"{REQUESTS / seconds:.0f}"),
            Figure("p50", f"{1000 * p50:.2f} ms"),
            Figure("p99", f"{1000 * taken[int(0.99 * len(taken))]:.2f} ms"),
            Figure("added to p50", f"{1000 * (p50 - direct[1][len(taken) // 2]):.2f} ms"),
            Figure("of the minimal proxy", f"{minimal[0] / seconds:.2f}"),
        ]
        rows.append(Row(f"{at_once} at once: {name}", figures))
    return rows


async def _asked(port: int, path: str, header: str, at_once: int) -> tuple[float, list[float]]:
    """Seconds for all, and of each in order of their length."""
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n{header}\r\n\r\n".encode()
    await _one_after_the_other(port, request, 200)
    began = time.monotonic()
    each = await asyncio.gather(*(_one_after_the_other(port, request, REQUESTS // at_once) for _ in range(at_once)))
    return time.monotonic() - began, sorted(seconds for one in each for seconds in one)


async def _one_after_the_other(port: int, request: bytes, count: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    taken = []
    for _ in range(count):
        began = time.monotonic()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200"), head
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        taken.append(time.monotonic() - began)
    writer.close()
    await writer.wait_closed()
    return taken


async def _open_streams(stack: Stack, path: str, headers: str, gateway: psutil.Process) -> tuple[float, int]:
    own = f"Host: bench\r\nAuthorization: Bearer {stack.own_token()}\r\n"
    request = f"GET {path} HTTP/1.1\r\n{own}{headers}\r\n".encode()
    port = int(stack.url.rpartition(":")[2])
    began = time.monotonic()
    async with AsyncExitStack() as opened:
        for _ in range(STREAMS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            opened.callback(writer.close)
            writer.write(request)
            assert (await reader.readuntil(b"\r\n")).split()[1] in {b"200", b"101"}
            await reader.readuntil(b"cursor" if headers else b"retry: 2000")
        seconds = time.monotonic() - began
        await asyncio.sleep(15)  # each has looked again once
        return seconds, gateway.memory_full_info().pss
