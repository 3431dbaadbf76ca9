"""A child's log on disk: appended to while the stack runs, the one of the run before kept beside it."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

SHOWN_LINES = 20
TAIL_BYTES = 64 << 10
READ_BYTES = 64 << 10


class LogFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        if path.exists():
            path.replace(path.with_name(f"{path.name}.1"))

    def open_for_child(self) -> int:
        """A descriptor for a child to write to; the caller closes it."""
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def last_lines(self) -> list[str]:
        if not self._path.exists():
            return []
        with self._path.open("rb") as log:
            log.seek(max(0, self._path.stat().st_size - TAIL_BYTES))
            return log.read().decode(errors="replace").splitlines()[-SHOWN_LINES:]


async def relay(log: LogFile, show: Callable[[str], None]) -> tuple[asyncio.Task[None], int]:
    """A descriptor for a child to write to, and the task that copies it to `log` and shows it line by line.

    The task ends when the last process that holds the descriptor has gone.
    """
    read_end, write_end = os.pipe()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(read_end, "rb"))
    return asyncio.create_task(_copy(reader, log, show)), write_end


async def _copy(reader: asyncio.StreamReader, log: LogFile, show: Callable[[str], None]) -> None:
    rest = b""
    with os.fdopen(log.open_for_child(), "ab") as file:
        while block := await reader.read(READ_BYTES):
            file.write(block)
            file.flush()
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                show(line.decode(errors="replace"))
    if rest:
        show(rest.decode(errors="replace"))
