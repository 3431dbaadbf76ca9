"""The life of a foreground command: it works until it is done, a child is hopeless, or somebody stops it."""

import asyncio
import signal
from collections.abc import Coroutine, Iterable
from typing import Any

from ai2text.cli.supervisor import GaveUp, Supervisor
from ai2text.cli.voice import Voice


async def run_in_foreground(
    supervisor: Supervisor, work: Coroutine[None, None, int], stops: Iterable[Iterable[str]], voice: Voice
) -> int:
    """The exit status of `work`, 0 after a signal; raises what made everything stop. No child is left in any case."""
    stop = _stop_at_signals(supervisor, voice)
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    first: set[asyncio.Future[Any]] = {working, stopping, supervisor.failed}
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    ended = working.done()
    for task in (working, stopping):
        task.cancel()
    await asyncio.gather(working, stopping, return_exceptions=True)
    await supervisor.stop(*stops)
    if supervisor.failed.done():
        _raise_failure(supervisor, voice)
    return working.result() if ended else 0


def _raise_failure(supervisor: Supervisor, voice: Voice) -> None:
    failure = supervisor.failed.exception()
    if isinstance(failure, GaveUp):
        for line in failure.last_lines:
            voice.show(failure.name, line)
    supervisor.failed.result()


def _stop_at_signals(supervisor: Supervisor, voice: Voice) -> asyncio.Event:
    stop = asyncio.Event()

    def interrupted() -> None:
        if stop.is_set():
            supervisor.hurry()
            return
        stop.set()
        voice.say("Stopping; what is being decoded is finished first. Ctrl-C again kills.")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, interrupted)
    return stop
