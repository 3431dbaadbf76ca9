"""The filter as the kernel would run it, for both machines, on either."""

import errno
import struct

import pytest

from ai2text.audio import seccomp
from ai2text.audio.seccomp import MACHINES

NOT_PERMITTED = seccomp.RET_ERRNO | errno.EPERM

# From the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h
FORBIDDEN = {
    "x86_64": {
        "open": 2,
        "rt_sigaction": 13,
        "rt_sigprocmask": 14,
        "rt_sigreturn": 15,
        "ioctl": 16,
        "socket": 41,
        "connect": 42,
        "sendmsg": 46,
        "fork": 57,
        "vfork": 58,
        "execve": 59,
        "kill": 62,
        "fcntl": 72,
        "ptrace": 101,
        "prctl": 157,
        "tkill": 200,
        "sched_setaffinity": 203,
        "tgkill": 234,
        "openat": 257,
        "prlimit64": 302,
        "process_vm_readv": 310,
        "seccomp": 317,
        "memfd_create": 319,
        "bpf": 321,
        "execveat": 322,
        "pkey_mprotect": 329,
        "io_uring_setup": 425,
        "pidfd_open": 434,
        "openat2": 437,
    },
    "aarch64": {
        "ioctl": 29,
        "fcntl": 25,
        "openat": 56,
        "ptrace": 117,
        "sched_setaffinity": 122,
        "kill": 129,
        "tkill": 130,
        "tgkill": 131,
        "rt_sigaction": 134,
        "rt_sigprocmask": 135,
        "rt_sigreturn": 139,
        "prctl": 167,
        "socket": 198,
        "connect": 203,
        "sendmsg": 211,
        "execve": 221,
        "prlimit64": 261,
        "process_vm_readv": 270,
        "seccomp": 277,
        "memfd_create": 279,
        "bpf": 280,
        "execveat": 281,
        "pkey_mprotect": 288,
        "io_uring_setup": 425,
        "pidfd_open": 434,
        "openat2": 437,
    },
}


def run(program: list[bytes], architecture: int, number: int, arguments: tuple[int, ...] = (0, 0, 0)) -> int:
    """What the filter returns for one system call."""
    call = struct.pack("<IIQ", number, architecture, 0) + b"".join(struct.pack("<Q", value) for value in arguments)
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, operand = struct.unpack("HBBI", program[at])
        at += 1
        if code == seccomp.LOAD_WORD:
            (accumulator,) = struct.unpack_from("<I", call, operand)
        elif code == seccomp.AND:
            accumulator &= operand
        elif code == seccomp.JUMP_IF_EQUAL:
            at += if_true if accumulator == operand else if_false
        else:
            assert code == seccomp.RETURN
            return int(operand)


@pytest.fixture(params=sorted(MACHINES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def verdict(name: str, number: int, *arguments: int) -> int:
    machine = MACHINES[name]
    padded = (*arguments, 0, 0, 0)[:3]
    return run(seccomp.program(machine), machine.audit_architecture, number, padded)


def test_what_is_listed_is_allowed(name: str) -> None:
    for number in MACHINES[name].allowed.values():
        assert verdict(name, number) == seccomp.RET_ALLOW


def test_what_reaches_out_is_not_permitted(name: str) -> None:
    for call, number in FORBIDDEN[name].items():
        assert verdict(name, number) == NOT_PERMITTED, call


def test_nothing_else_is_permitted_either(name: str) -> None:
    machine = MACHINES[name]
    known = {*machine.allowed.values(), machine.clone, machine.mmap, machine.mprotect, machine.clone3}
    assert all(verdict(name, number) == NOT_PERMITTED for number in range(600) if number not in known)


def test_threads_may_be_made_but_no_processes(name: str) -> None:
    clone = MACHINES[name].clone
    assert verdict(name, clone, 0x003D0F00) == seccomp.RET_ALLOW
    assert verdict(name, clone, 0x01200011) == NOT_PERMITTED


def test_memory_may_be_had_but_not_be_executed(name: str) -> None:
    for number in (MACHINES[name].mmap, MACHINES[name].mprotect):
        assert verdict(name, number, 0, 4096, 3) == seccomp.RET_ALLOW
        assert verdict(name, number, 0, 4096, 5) == NOT_PERMITTED


def test_clone3_seems_missing_so_that_the_c_library_uses_clone(name: str) -> None:
    assert verdict(name, MACHINES[name].clone3) == seccomp.RET_ERRNO | errno.ENOSYS


def test_calls_in_another_architectures_numbers_end_the_process(name: str) -> None:
    program = seccomp.program(MACHINES[name])
    i386 = 0x40000003
    assert run(program, i386, MACHINES[name].allowed["read"]) == seccomp.RET_KILL_PROCESS


def test_x32_numbers_are_not_those_of_x86_64() -> None:
    assert verdict("x86_64", 0x40000000 | MACHINES["x86_64"].allowed["read"]) == NOT_PERMITTED
