"""One stack per data directory: a lock that lasts as long as its process, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ai2text.common.errors import Misconfigured


@contextmanager
def sole_owner(data: Path) -> Iterator[None]:
    """Raises Misconfigured while another process holds `data`."""
    path = data / "lock"
    descriptor = _take(path)
    try:
        yield
    finally:
        path.unlink()  # while it is still held: whoever waits for it sees that it is no longer the file of that name
        os.close(descriptor)


def _take(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise Misconfigured(
                f"A stack is running in {path.parent} already: stop it first, or choose another folder with --data."
            ) from None
        if _is_still_named(descriptor, path):
            return descriptor
        os.close(descriptor)


def _is_still_named(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
