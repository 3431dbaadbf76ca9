"""A program that trains, in a process group of its own, of which nothing is left when this returns."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress

from ai2text.common import launch
from ai2text.training_orchestrator.run_folder import RunFolder

LAST_BYTES = 2000
"""Of its output, for whoever asks why it failed."""


async def train(command: Sequence[str], folder: RunFolder, env: Mapping[str, str], timeout_seconds: float) -> int:
    """Its exit status. Raises TimeoutError."""
    with folder.log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *launch.bound_to_this_process(command, signal.SIGKILL),
            cwd=folder.path,
            env=dict(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(timeout_seconds):
            return await process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def last_words(folder: RunFolder) -> str:
    """Blocking."""
    with folder.log.open("rb") as log:
        log.seek(max(log.seek(0, os.SEEK_END) - LAST_BYTES, 0))
        return log.read().decode(errors="replace").strip()
