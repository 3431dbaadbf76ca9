"""A system call filter for a process that computes and talks over descriptors it already holds.

Whatever is not listed fails with EPERM: opening, connecting, executing, signalling, tracing, changing limits.
Written as classic BPF and handed to the kernel by prctl; see seccomp(2) and linux/seccomp.h.
"""

import ctypes
import errno
import platform
import struct
import sys
from dataclasses import dataclass
from functools import cache

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
MODE_FILTER = 2
RET_KILL_PROCESS = 0x80000000
RET_ERRNO = 0x00050000
RET_ALLOW = 0x7FFF0000
LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
JUMP_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
RETURN = 0x06  # BPF_RET | BPF_K
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16  # offsets in struct seccomp_data
CLONE_THREAD = 0x00010000
PROT_EXEC = 0x4


@dataclass(frozen=True, slots=True)
class Machine:
    audit_architecture: int
    allowed: dict[str, int]
    clone: int
    mmap: int
    mprotect: int
    clone3: int = 435


# No rt_sigaction, rt_sigprocmask or rt_sigreturn: the child must not be able to hold off SIGXCPU.
# No sched_getaffinity: without it FFmpeg counts one processor, instead of giving each filter graph one thread, with
# a stack of 8 MiB address space, per processor of the machine.
MACHINES = {
    "x86_64": Machine(
        audit_architecture=0xC000003E,
        clone=56,
        mmap=9,
        mprotect=10,
        allowed={
            "read": 0,
            "write": 1,
            "close": 3,
            "fstat": 5,
            "lseek": 8,
            "munmap": 11,
            "brk": 12,
            "sched_yield": 24,
            "mremap": 25,
            "madvise": 28,
            "nanosleep": 35,
            "getpid": 39,
            "exit": 60,
            "gettimeofday": 96,
            "getrusage": 98,
            "times": 100,
            "gettid": 186,
            "time": 201,
            "futex": 202,
            "restart_syscall": 219,
            "clock_gettime": 228,
            "clock_getres": 229,
            "clock_nanosleep": 230,
            "exit_group": 231,
            "set_robust_list": 273,
            "getrandom": 318,
            "membarrier": 324,
            "rseq": 334,
        },
    ),
    "aarch64": Machine(
        audit_architecture=0xC00000B7,
        clone=220,
        mmap=222,
        mprotect=226,
        allowed={
            "close": 57,
            "lseek": 62,
            "read": 63,
            "write": 64,
            "fstat": 80,
            "exit": 93,
            "exit_group": 94,
            "futex": 98,
            "set_robust_list": 99,
            "nanosleep": 101,
            "clock_gettime": 113,
            "clock_getres": 114,
            "clock_nanosleep": 115,
            "sched_yield": 124,
            "restart_syscall": 128,
            "times": 153,
            "getrusage": 165,
            "gettimeofday": 169,
            "getpid": 172,
            "gettid": 178,
            "brk": 214,
            "munmap": 215,
            "mremap": 216,
            "madvise": 233,
            "getrandom": 278,
            "membarrier": 283,
            "rseq": 293,
        },
    ),
}


def install() -> bool:
    """Whether the filter is in force from here on, for this thread and what it starts; it cannot be taken off again.

    False, and nothing changed but no-new-privileges, where the kernel refuses it or the machine is not known.
    """
    prepared = prepare()
    return (
        prepared is not None and prctl(PR_SET_NO_NEW_PRIVS, 1) and prctl(PR_SET_SECCOMP, MODE_FILTER, prepared.header)
    )


@cache
def prepare() -> "Prepared | None":
    """What `install` hands over, made once by the fork server; None where there is no filter for the machine."""
    machine = MACHINES.get(platform.machine())
    if sys.platform != "linux" or machine is None or struct.calcsize("P") != 8:  # noqa: PLR2004 - 64 bits
        return None
    instructions = program(machine)
    code = ctypes.create_string_buffer(b"".join(instructions))
    return Prepared(struct.pack("HP", len(instructions), ctypes.addressof(code)), code)


@dataclass(frozen=True, slots=True)
class Prepared:
    header: bytes
    code: "ctypes.Array[ctypes.c_char]"
    """The header points into it."""


def prctl(option: int, value: int, pointer: bytes | None = None) -> bool:
    return bool(_c_prctl()(option, value, pointer, 0, 0) == 0)


@cache
def _c_prctl() -> "ctypes._NamedFuncPointer":
    found = ctypes.CDLL(None).prctl
    found.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_ulong]
    return found


def program(machine: Machine) -> list[bytes]:
    """The filter's instructions; the two jump offsets of each count the instructions to skip."""
    return [
        _step(LOAD_WORD, ARCHITECTURE_AT),
        _step(JUMP_IF_EQUAL, machine.audit_architecture, 1, 0),
        _step(RETURN, RET_KILL_PROCESS),
        _step(LOAD_WORD, NUMBER_AT),
        *[step for number in machine.allowed.values() for step in _allow(number)],
        *_allow_if_masked(machine.clone, argument=0, mask=CLONE_THREAD, wanted=CLONE_THREAD),
        *_allow_if_masked(machine.mmap, argument=2, mask=PROT_EXEC, wanted=0),
        *_allow_if_masked(machine.mprotect, argument=2, mask=PROT_EXEC, wanted=0),
        _step(JUMP_IF_EQUAL, machine.clone3, 0, 1),
        _step(RETURN, RET_ERRNO | errno.ENOSYS),  # its flags lie behind a pointer; the C library then uses clone
        _step(RETURN, RET_ERRNO | errno.EPERM),
    ]


def _allow(number: int) -> list[bytes]:
    return [_step(JUMP_IF_EQUAL, number, 0, 1), _step(RETURN, RET_ALLOW)]


def _allow_if_masked(number: int, *, argument: int, mask: int, wanted: int) -> list[bytes]:
    return [
        _step(JUMP_IF_EQUAL, number, 0, 5),
        _step(LOAD_WORD, ARGUMENTS_AT + 8 * argument),  # the low half: both machines are little-endian
        _step(AND, mask),
        _step(JUMP_IF_EQUAL, wanted, 0, 1),
        _step(RETURN, RET_ALLOW),
        _step(RETURN, RET_ERRNO | errno.EPERM),
    ]


def _step(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, operand)
