"""What glibc's allocator keeps for itself, made little. Elsewhere these do nothing."""

import ctypes
import sys

M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
LARGE_BYTES = 4 << 20
"""Less than the parts that an object is sent in."""
ARENAS = 2


def give_back_large_blocks() -> None:
    """Otherwise glibc, once it has seen a large block freed, keeps up to 16 MB of them for each thread."""
    _mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def share_arenas() -> None:
    """Otherwise each of many threads keeps what it needed at most. To be called before there are threads."""
    _mallopt(M_ARENA_MAX, ARENAS)


def _mallopt(parameter: int, value: int) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if sys.platform == "linux" and mallopt is not None:
        mallopt(parameter, value)
