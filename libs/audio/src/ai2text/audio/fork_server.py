"""The fork server as its owner sees it: it makes no file, and is gone with its owner, however that one ends."""

import select
import socket
import subprocess
import sys
import threading
import weakref
from dataclasses import dataclass

from ai2text.audio.protocol import WORD

ASK = b"f"


@dataclass(frozen=True, slots=True)
class Forked:
    """A child as the fork server hands it over; whoever asked for it calls `close`."""

    pid: int
    connection: socket.socket
    report: socket.socket
    """Becomes readable when the child has ended."""

    def has_ended(self, within_seconds: float = 0) -> bool:
        poll = select.poll()
        poll.register(self.report, select.POLLIN)
        return bool(poll.poll(1000 * within_seconds))

    def exit_status(self) -> int:
        """Negative for a signal. Raises EOFError when the fork server ended first."""
        return _word(self.report)

    def close(self) -> None:
        self.connection.close()
        self.report.close()


class ForkServer:
    """Safe to use from many threads. One that has ended is replaced by the next ask."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ai2text.audio.forking", str(theirs.fileno()), str(self._memory_bytes)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._end = weakref.finalize(self, _end, self._control, self._process)

    def close(self) -> None:
        """Ends it, and its children with it."""
        with self._lock:
            self._end()

    def fork(self) -> Forked:
        """Waits for a server that has just been started. Raises OSError, EOFError."""
        ours, theirs = socket.socketpair()
        report, told = socket.socketpair()
        try:
            with theirs, told:
                self._ask([theirs.fileno(), told.fileno()])
            return Forked(_word(report), ours, report)
        except (OSError, EOFError):
            ours.close()
            report.close()
            raise

    def _ask(self, descriptors: list[int]) -> None:
        with self._lock:
            if self._end.alive and self._process.poll() is not None:
                self._end()
                self._start()
            socket.send_fds(self._control, [ASK], descriptors)


def _end(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    control.close()
    process.terminate()  # it may be importing still
    process.wait()


def _word(report: socket.socket) -> int:
    content = report.recv(WORD.size)
    if len(content) < WORD.size:
        raise EOFError
    return int(WORD.unpack(content)[0])
