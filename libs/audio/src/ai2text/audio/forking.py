"""The fork server: one thread, with everything a job needs already loaded, that forks a child for each ask.

Started by `fork_server` as `python -m ai2text.audio.forking CONTROL MEMORY_BYTES`. CONTROL is its end of a socket. Each
byte that arrives there brings two descriptors: the connection of a child to be, and a socket, into which goes the pid,
and the exit status when the child has ended. When CONTROL's other end is closed, it ends with its children.
"""

import os
import select
import signal
import socket
import sys
from contextlib import suppress

from ai2text.audio import child, preload
from ai2text.audio.protocol import WORD


def serve(control: socket.socket, memory_bytes: int) -> None:
    """Until the other end of `control` is closed; no child outlives it."""
    reports: dict[int, int] = {}
    deaths = _deaths()
    while True:
        ready, _, _ = select.select([control.fileno(), deaths], [], [])
        if deaths in ready:
            os.read(deaths, select.PIPE_BUF)
            _report_the_dead(reports)
        if control.fileno() in ready:
            ask, descriptors, _, _ = socket.recv_fds(control, 1, 2)
            if not ask:
                break
            connection, report = descriptors
            _fork(connection, report, memory_bytes, reports)
    for pid in reports:
        os.kill(pid, signal.SIGKILL)


def _deaths() -> int:
    """A descriptor that becomes readable when a child has ended."""
    deaths, bell = os.pipe()
    os.set_blocking(bell, False)
    signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    return deaths


def _fork(connection: int, report: int, memory_bytes: int, reports: dict[int, int]) -> None:
    try:
        pid = os.fork()
    except OSError:
        os.close(report)  # closed without a pid: that tells
    else:
        if pid == 0:
            _live(connection, memory_bytes)
        reports[pid] = report
        _tell(report, pid)
    os.close(connection)


def _live(connection: int, memory_bytes: int) -> None:
    """Of a child; never returns."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        status = child.serve(connection, memory_bytes)
    finally:
        os._exit(status)


def _report_the_dead(reports: dict[int, int]) -> None:
    for pid in list(reports):
        dead, status = os.waitpid(pid, os.WNOHANG)
        if dead:
            _tell(reports[pid], os.waitstatus_to_exitcode(status))
            os.close(reports.pop(pid))


def _tell(report: int, number: int) -> None:
    with suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(report, WORD.pack(number))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    preload.warm_up()
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))
