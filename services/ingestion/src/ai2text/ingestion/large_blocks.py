"""Memory of large blocks goes back to the system as soon as they are freed."""

import ctypes
import sys

M_MMAP_THRESHOLD = -3
LARGE_BYTES = 4 << 20
"""Less than the parts that an object is sent in."""


def give_back_large_blocks() -> None:
    """Otherwise glibc, once it has seen a large block freed, keeps up to 16 MB of them for each thread."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if sys.platform == "linux" and mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
