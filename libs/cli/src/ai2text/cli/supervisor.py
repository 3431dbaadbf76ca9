"""Keeps children running: started, watched, restarted when they die, stopped in order, nothing left behind."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ai2text.cli import processes
from ai2text.cli.child import Child
from ai2text.cli.log_file import LogFile, relay
from ai2text.common.clock import stopped_within
from ai2text.common.errors import Ai2TextError, Unavailable

PROBE_SECONDS = 0.1
SWEEP_SECONDS = 5
Show = Callable[[str, str], None]
"""Given a child's name and one line of its output, or a sentence about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patiently a child that dies is started again."""

    first_delay_seconds: float = 0.5
    longest_delay_seconds: float = 10
    reset_after_seconds: float = 10
    """Ready for so long, it begins again with the first delay."""
    deaths_without_readiness: int = 5


class GaveUp(Ai2TextError):
    """A child died again and again without becoming ready; everything stops, and its last lines are shown."""

    def __init__(self, name: str, deaths: int, last_lines: Sequence[str]) -> None:
        super().__init__(f"{name} died {deaths} times without becoming ready.")
        self.name = name
        self.last_lines = last_lines


class _Kept:
    """One child and where it is in its life."""

    task: asyncio.Task[None]

    def __init__(self, child: Child, log: LogFile) -> None:
        self.child = child
        self.log = log
        self.process: asyncio.subprocess.Process | None = None
        self.started = asyncio.Event()
        self.stopping = asyncio.Event()
        self.ready_since: float | None = None


class Supervisor:
    """Children are started by the thread that runs the event loop, which must be the main one."""

    def __init__(self, logs: Path, show: Show, pace: Pace | None = None) -> None:
        self._logs = logs
        self._show = show
        self._pace = pace or Pace()
        self._kept: dict[str, _Kept] = {}
        self._spawning = asyncio.Lock()
        self._hurry = asyncio.Event()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Has the exception that ends everything."""
        processes.adopt_orphans()
        self._sweeping = asyncio.create_task(self._sweep())
        self._sweeping.add_done_callback(self._note_failure)

    async def start(self, *children: Child) -> None:
        """Side by side; returns when all are ready and set up. Raises what `failed` has."""
        added = [self._keep(child) for child in children]
        ready = asyncio.gather(*(kept.started.wait() for kept in added))
        either: set[asyncio.Future[Any]] = {ready, self.failed}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if self.failed.done():
                self.failed.result()
        finally:
            ready.cancel()

    def _keep(self, child: Child) -> _Kept:
        kept = _Kept(child, LogFile(self._logs / f"{child.name}.log"))
        self._kept[child.name] = kept
        kept.task = asyncio.create_task(self._live(kept), name=child.name)
        kept.task.add_done_callback(self._note_failure)
        return kept

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (failure := task.exception()) and not self.failed.done():
            self.failed.set_exception(failure)

    async def _live(self, kept: _Kept) -> None:
        """From start to start until it is stopped or hopeless."""
        delay, deaths = self._pace.first_delay_seconds, 0
        while not kept.stopping.is_set():
            ready_seconds = await self._run_once(kept)
            if kept.stopping.is_set():
                return
            deaths = deaths + 1 if ready_seconds is None else 0
            if deaths == self._pace.deaths_without_readiness:
                raise GaveUp(kept.child.name, deaths, kept.log.last_lines())
            if ready_seconds is not None and ready_seconds >= self._pace.reset_after_seconds:
                delay = self._pace.first_delay_seconds
            self._show(kept.child.name, f"it ended; starting it again in {delay:g} s")
            await stopped_within(kept.stopping, delay)
            delay = min(delay * 2, self._pace.longest_delay_seconds)

    async def _run_once(self, kept: _Kept) -> float | None:
        """One life; returns for how many seconds it was ready, None for never."""
        await kept.child.prepare()
        if kept.stopping.is_set():
            return None
        process, relaying = await self._spawn(kept)
        watching = asyncio.create_task(self._until_ready(kept))
        watching.add_done_callback(self._note_failure)
        if kept.stopping.is_set():  # asked for while it was being made
            _signal(process, kept.child.stop_signal)
        await process.wait()
        watching.cancel()
        await self._clear_away(kept, process.pid)
        await relaying
        loop = asyncio.get_running_loop()
        return loop.time() - kept.ready_since if kept.ready_since is not None else None

    async def _spawn(self, kept: _Kept) -> tuple[asyncio.subprocess.Process, asyncio.Task[None]]:
        kept.ready_since = None
        relaying, output = await self._relay(kept)
        async with self._spawning:
            try:
                kept.process = await _execute(kept.child, output)
            finally:
                os.close(output)
        return kept.process, relaying

    async def _relay(self, kept: _Kept) -> tuple[asyncio.Task[None], int]:
        """Where a child's output goes: its log file, and through `show` what is meant for people."""
        if not kept.child.structured_log:
            return asyncio.create_task(_nothing()), kept.log.open_for_child()
        return await relay(kept.log, partial(self._show, kept.child.name))

    async def _until_ready(self, kept: _Kept) -> None:
        while not await kept.child.ready():  # noqa: ASYNC110 - a child cannot set an event of ours
            await asyncio.sleep(PROBE_SECONDS)
        while True:
            try:
                await kept.child.set_up()
            except Unavailable as exc:
                self._show(kept.child.name, f"it is not set up yet: {exc}")
                await asyncio.sleep(self._pace.first_delay_seconds)
            else:
                break
        kept.ready_since = asyncio.get_running_loop().time()
        kept.started.set()

    async def _clear_away(self, kept: _Kept, pid: int) -> None:
        """What it leaves must be gone before it starts again: a server refuses its directory otherwise."""
        kept.process = None
        processes.end_group(pid)
        await self.end_orphans()
        kept.child.after_exit()

    async def end_orphans(self) -> None:
        async with self._spawning:
            known = {kept.process.pid for kept in self._kept.values() if kept.process}
            await asyncio.to_thread(processes.end_orphans, known)

    async def _sweep(self) -> None:
        """Orphans of children that live on."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self.end_orphans()

    def hurry(self) -> None:
        """Kills what a `stop` under way is waiting for."""
        self._hurry.set()

    async def stop(self, *groups: Iterable[str]) -> None:
        """One group after the other, those in a group side by side; then whatever is left."""
        for names in (*groups, list(self._kept)):
            await asyncio.gather(*(self._stop(self._kept[name]) for name in names if name in self._kept))
        self._sweeping.cancel()
        await self.end_orphans()

    async def _stop(self, kept: _Kept) -> None:
        kept.stopping.set()
        _signal(kept.process, kept.child.stop_signal)
        if not await self._ended(kept, kept.child.stop_seconds):
            _signal(kept.process, signal.SIGKILL)
            await self._ended(kept, None)

    async def _ended(self, kept: _Kept, seconds: float | None) -> bool:
        """Whether its life is over; waits `seconds`, or until somebody is in a hurry."""
        hurry = asyncio.create_task(self._hurry.wait())
        waited = {kept.task} if seconds is None else {kept.task, hurry}
        await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        return kept.task.done()


async def _execute(child: Child, output: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *child.command(),
        env=dict(child.env),
        cwd=child.cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        process_group=0,
    )


def _signal(process: asyncio.subprocess.Process | None, number: signal.Signals) -> None:
    if process and process.returncode is None:
        process.send_signal(number)


async def _nothing() -> None:
    pass
