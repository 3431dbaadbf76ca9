"""Becomes the command it is given, after asking the kernel to signal it when its parent dies.

Run as `python -I -S launch.py SIGNAL PARENT COMMAND...`. A `preexec_fn` would do the same inside a fork of a process
with threads, where it may deadlock.
"""

import ctypes
import os
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def bound_to_this_process(argv: Sequence[str], number: int, run_as: Sequence[str] = ()) -> list[str]:
    """The command that runs `argv` and gets signal `number` when this process dies.

    `run_as` is a command that changes the user; it comes first, because the kernel forgets the signal then.
    """
    return [*run_as, sys.executable, "-I", "-S", __file__, str(int(number)), str(os.getpid()), *argv]


def main() -> None:
    number, parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != int(parent):  # it died before the kernel was asked
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - becoming the command, without a shell, is the point


if __name__ == "__main__":
    main()
