"""The filter, tried out in processes of their own, since it cannot be taken off again."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no seccomp")

PRELUDE = """
import ctypes, os, resource, signal, socket, threading
from ai2text.audio import seccomp
libc = ctypes.CDLL(None, use_errno=True)
reader, writer = os.pipe()
assert seccomp.install()
"""


def filtered(*lines: str) -> str:
    """What a filtered process prints while it runs these lines."""
    script = "\n".join([PRELUDE, *lines])
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    return run.stdout.strip() or f"died of {run.returncode}: {run.stderr}"


def outcome(statement: str) -> str:
    """`done`, or the name of what the statement raises."""
    return filtered(
        "try:", f"  {statement}", "except OSError as e:", "  print(type(e).__name__)", "else: print('done')"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "os.open('/etc/hostname', os.O_RDONLY)",
        "os.open('/tmp/never', os.O_WRONLY | os.O_CREAT)",
        "os.stat('/')",
        "os.listdir('/')",
        "os.unlink('/tmp/never')",
        "socket.socket()",
        "socket.socket(socket.AF_UNIX)",
        "socket.socketpair()",
        "os.execv('/bin/true', ['true'])",
        "os.fork()",
        "os.kill(os.getpid(), 0)",
        "os.kill(os.getppid(), signal.SIGTERM)",
        "os.pipe()",
        "os.dup(reader)",
        "os.chdir('/')",
        "os.setuid(0)",
        "os.memfd_create('code')",
        "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
        "signal.signal(signal.SIGXCPU, signal.SIG_IGN)",
    ],
)
def test_what_a_decoder_has_no_business_doing_is_not_permitted(statement: str) -> None:
    assert outcome(statement) == "PermissionError"


@pytest.mark.parametrize(
    "call",
    [
        "ptrace(0, 0, 0, 0)",
        "unshare(0x10000000)",
        "mount(b'none', b'/mnt', b'tmpfs', 0, 0)",
        "process_vm_readv(os.getppid(), 0, 0, 0, 0, 0)",
        "prctl(4, 1, 0, 0, 0)",
        "prlimit(0, 0, 0, 0)",
        "mmap(0, 4096, 7, 0x22, -1, 0)",
        "mprotect(0, 0, 7)",
    ],
)
def test_other_doors_of_the_kernel_are_closed_too(call: str) -> None:
    assert filtered(f"print(libc.{call}, ctypes.get_errno())") == "-1 1"


@pytest.mark.parametrize(
    "statement",
    ["os.write(writer, b'x') and os.read(reader, 1)", "bytearray(1 << 26)", "threading.Thread(target=print).start()"],
)
def test_computing_and_talking_over_open_descriptors_goes_on(statement: str) -> None:
    assert outcome(statement) == "done"
