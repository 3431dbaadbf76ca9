"""What the supervisor has to know of a process it runs; a server and a service look alike from there."""

import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ai2text.common import launch


async def _nothing_to_do() -> None:
    pass


def _nothing_to_tidy() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    """The whole environment; nothing is inherited."""
    cwd: Path
    ready: Callable[[], Awaitable[bool]]
    """Asked again and again; never raises for a server that is not there yet."""
    prepare: Callable[[], Awaitable[None]] = _nothing_to_do
    """Before each start; raises Misconfigured for what a restart cannot mend."""
    set_up: Callable[[], Awaitable[None]] = _nothing_to_do
    """Each time it has become ready: idempotent, for it may come back with an empty directory. Raises Unavailable
    to be called again, Misconfigured for what cannot be mended."""
    after_exit: Callable[[], None] = _nothing_to_tidy
    """After each end, however it came about."""
    run_as: tuple[str, ...] = ()
    """A command that drops privileges and goes on as the rest of its arguments."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10
    """From the stop signal to SIGKILL."""
    orphan_signal: signal.Signals = signal.SIGKILL
    """Sent by the kernel when the supervisor itself is killed."""
    structured_log: bool = False
    """Whether stdout carries JSON lines for people to see; otherwise it goes to the log file alone."""

    def command(self) -> list[str]:
        """What to execute so that the child does not outlive this process."""
        return launch.bound_to_this_process(self.argv, self.orphan_signal, self.run_as)
