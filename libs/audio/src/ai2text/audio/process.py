"""A decoding child as its parent sees it: born of the fork server, talked to, limited, ended."""

import math
import os
import resource
import signal
import sys
from contextlib import suppress

from ai2text.audio import protocol, refusals
from ai2text.audio.connection import Connection
from ai2text.audio.fork_server import ForkServer
from ai2text.audio.watchdog import Watchdog
from ai2text.common.errors import Refused, Unavailable

DYING_SECONDS = 1.0
"""Between a child's last byte and the fork server's word of how it died."""
FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
"""Not the recording's doing: the machine is short of memory, or somebody stops the service."""


class Child:
    """Used by one thread at a time, but for `stalled` and `abandon`. Every failure of it is Refused or Unavailable."""

    def __init__(self, server: ForkServer, cpu_seconds: float, watchdog: Watchdog) -> None:
        self._cpu_seconds = cpu_seconds
        self._watchdog = watchdog
        self._cause: Refused | Unavailable | None = None
        try:
            self._forked = server.fork()
        except (OSError, EOFError) as exc:
            raise Unavailable(f"No decoder could be started: {exc!r}") from exc
        self.pid = self._forked.pid
        self._connection = Connection(self._forked.connection.fileno())
        self.filtered = self._first_word() == b"\x01"

    def _first_word(self) -> bytes:
        try:
            with self._watchdog.over(self):
                return self._connection.receive(protocol.MESSAGE_MAX_BYTES)[1:]
        except (OSError, EOFError) as exc:
            self.end()
            raise Unavailable("A decoder ended before it was ready.") from exc

    def begin(self, job: protocol.Job) -> None:
        self.allow_cpu(0)
        self.send(job.encode())

    def send(self, content: bytes) -> None:
        try:
            with self._watchdog.over(self):
                self._connection.send(content)
        except OSError as exc:
            raise self._obituary() from exc

    def receive(self) -> tuple[bytes, bytes]:
        """The kind of the next message and its content."""
        try:
            with self._watchdog.over(self):
                message = self._connection.receive(protocol.MESSAGE_MAX_BYTES)
        except (OSError, EOFError) as exc:
            raise self._obituary() from exc
        return message[:1], message[1:]

    def allow_cpu(self, decoded_seconds: float) -> None:
        """Renews the budget of processor time; the kernel sends SIGXCPU, which the child cannot hold off."""
        if sys.platform != "linux":
            return
        budget = math.ceil(self._cpu_seconds + decoded_seconds / 10)
        with suppress(ProcessLookupError):  # dead: the next message tells
            _, hard = resource.prlimit(self.pid, resource.RLIMIT_CPU)
            soft = budget if hard == resource.RLIM_INFINITY else min(budget, hard)
            resource.prlimit(self.pid, resource.RLIMIT_CPU, (soft, hard))

    def stalled(self) -> None:
        self._end_for(refusals.timed_out("brings decoding to a standstill"))

    def abandon(self) -> None:
        self._end_for(Unavailable("The sandbox was closed."))

    def end(self) -> None:
        self._end_for(Unavailable("The decoder was ended."))
        self._forked.close()

    def _end_for(self, cause: Refused | Unavailable) -> None:
        self._cause = self._cause or cause
        if not self._forked.has_ended():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def _obituary(self) -> Refused | Unavailable:
        if self._cause is not None:
            return self._cause
        if not self._forked.has_ended(DYING_SECONDS):
            return refusals.decoder_crashed("makes the decoder answer nonsense")
        try:
            code = self._forked.exit_status()
        except EOFError:
            return Unavailable("The fork server is gone, and its decoders with it.")
        if -code == signal.SIGXCPU:
            return refusals.timed_out("takes too much processor time for the sound that comes out of it")
        if -code in FROM_OUTSIDE:
            return Unavailable(f"The decoder was ended from outside with {signal.Signals(-code).name}.")
        return refusals.decoder_crashed(f"crashes the decoder ({signal.Signals(-code).name if code < 0 else code})")
