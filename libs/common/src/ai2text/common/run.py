"""The life of a service process: start, signals, drain within the deadline, exit status."""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine

import structlog
import uvloop

from ai2text.common import logs, tracing
from ai2text.common.clock import utc_now
from ai2text.common.errors import Misconfigured
from ai2text.common.http_server import listen, serve_http
from ai2text.common.probes import Probes
from ai2text.common.settings import InsideSettings, LogSettings, load

log = structlog.get_logger()

EXIT_MISCONFIGURED = 2


class Life:
    """Handed to a service: `stop` is set when it should finish what it holds and return."""

    def __init__(self, drain_seconds: float) -> None:
        self.started_at = utc_now()
        self.stop = asyncio.Event()
        self.probes = Probes()
        self.drain_seconds = drain_seconds
        self.exit_code = 0

    def end(self, exit_code: int = 1) -> None:
        """Asks for an orderly end from inside, for what cannot be repaired in this process."""
        self.exit_code = max(self.exit_code, exit_code)
        self.stop.set()


Serve = Callable[[Life], Coroutine[None, None, None]]


def run_service(name: str, serve: Serve) -> None:
    """Runs until SIGTERM, SIGINT or an error; exits 0 after an orderly stop, 1 after an error, 2 when misconfigured."""
    exit_code = EXIT_MISCONFIGURED
    try:
        logs.configure(name, load(LogSettings))
        tracing.configure(name)
        exit_code = uvloop.run(_live(serve, load(InsideSettings)))
    except* Misconfigured as faults:
        log.error("misconfigured", detail="; ".join(map(str, faults.exceptions)))  # noqa: TRY400 - says it all
    sys.exit(exit_code)


async def _live(serve: Serve, inside: InsideSettings) -> int:
    life = Life(inside.drain_seconds)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, life.stop.set)
    listener = listen(inside.host, inside.port)
    log.info("service_starting", inside_port=listener.getsockname()[1])
    probes_stop = asyncio.Event()
    probing = asyncio.create_task(serve_http(life.probes.app(), listener, probes_stop))
    try:
        await _until_stopped_and_drained(asyncio.create_task(serve(life)), life)
    finally:
        probes_stop.set()
        await probing
    log.info("service_stopped", exit_code=life.exit_code)
    return life.exit_code


async def _until_stopped_and_drained(serving: asyncio.Task[None], life: Life) -> None:
    stopping = asyncio.create_task(life.stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not serving.done():
        log.info("service_draining", deadline_seconds=life.drain_seconds)
        await asyncio.wait({serving}, timeout=life.drain_seconds)
    if not serving.done():
        log.warning("drain_deadline_passed")
        serving.cancel()
        await asyncio.wait({serving})
    if not serving.cancelled():
        serving.result()
