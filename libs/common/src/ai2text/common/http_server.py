"""uvicorn without its own signal handling: the run loop decides when a service stops."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

DRAIN_SECONDS = 5
LARGEST_MESSAGE_BYTES = 4 << 10
"""That a WebSocket takes: nothing of ours expects any."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one, which is known at once."""
    return socket.create_server((host, port), backlog=512)


async def serve_http(
    app: ASGIApp,
    listener: socket.socket,
    stop: asyncio.Event,
    protocol: type[HttpToolsProtocol] = HttpToolsProtocol,
    socket_protocol: type[asyncio.Protocol] | None = None,
) -> None:
    """Serves until `stop`, then lets open requests finish; WebSockets only by a protocol for them."""
    config = uvicorn.Config(
        app,
        http=protocol,
        ws=socket_protocol or "none",
        ws_max_size=LARGEST_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        loop="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.should_exit = True
    await serving
