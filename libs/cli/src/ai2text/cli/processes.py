"""Short-lived helpers, and processes that would stay behind: found below this one, ended and reaped."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

import psutil

from ai2text.common import launch

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """From now on a grandchild whose parent died is a child of this process, not of init."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_orphans(known: Collection[int]) -> int:
    """Kills and reaps adopted children, and what they leave in turn; returns how many there were.

    `known` are the children that this process started itself; helpers need not be among them.
    """
    ended = 0
    while orphans := [child for child in psutil.Process().children() if child.pid not in known and _adopted(child.pid)]:
        for orphan in orphans:
            _kill_and_reap(orphan.pid)
        ended += len(orphans)
    return ended


def end_group(leader: int) -> None:
    """SIGKILL to what a dead child left in its process group."""
    with suppress(ProcessLookupError, PermissionError):  # nobody is left; on macOS: only zombies are
        os.killpg(leader, signal.SIGKILL)


async def run_helper(argv: Sequence[str], env: Mapping[str, str], run_as: Sequence[str] = ()) -> tuple[int, str]:
    """Its exit status and its output; it does not outlive this call.

    It stays in the process group of this process, by which `end_orphans` knows it from an adopted child.
    """
    process = await asyncio.create_subprocess_exec(
        *launch.bound_to_this_process(argv, signal.SIGKILL, run_as),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(env),
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return await process.wait(), output.decode(errors="replace").strip()


def _adopted(pid: int) -> bool:
    try:
        return os.getpgid(pid) != os.getpgrp()
    except ProcessLookupError:
        return False


def _kill_and_reap(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
