"""What a fresh child gives up before it sees the first byte of a recording."""

import os
import resource
import signal
import sys

from ai2text.audio import seccomp

CONNECTION = 3
"""The one descriptor that is kept, beside the three standard ones on /dev/null."""
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4


def confine(connection: int, memory_bytes: int) -> bool:
    """Whether the system call filter is in force as well; everything else holds in any case."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    _keep_only(connection)
    _limit(memory_bytes)
    if sys.platform == "linux":
        _bind_to_parent()
    return seccomp.install()


def _keep_only(connection: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.dup2(connection, CONNECTION)
    os.closerange(CONNECTION + 1, os.sysconf("SC_OPEN_MAX"))


def _limit(memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTION + 1, CONNECTION + 1))
    if sys.platform == "linux":  # elsewhere it is refused or without effect
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _bind_to_parent() -> None:
    """A second string: the connection's end already ends a child whose service is gone."""
    seccomp.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    seccomp.prctl(PR_SET_DUMPABLE, 0)
