"""Opening a file from outside so that what is read is one whole, unchanging file, or nothing."""

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ai2text.common.errors import ObjectChanged, Refused
from ai2text.ingestion.recording import Signature

BLOCK_BYTES = 1 << 20


class StillBeingWritten(ObjectChanged):
    """Somebody has the file open for writing; it is taken when they have closed it."""


def signature_of(path: Path) -> Signature | None:
    """None when there is no such regular file; a symbolic link is none."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _signature(found) if stat.S_ISREG(found.st_mode) else None


@contextmanager
def opened(path: Path, expected: Signature) -> Iterator[BinaryIO]:
    """The file that was seen to be still, and no other; raises ObjectChanged when it is not that file (any more).

    Leaving the block checks again, also after an error, so that nothing read from a changing file is believed.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as exc:
        raise ObjectChanged("The file has gone.") from exc
    except OSError as exc:
        raise Refused("unreadable", f"The file cannot be opened: {exc.strerror}. Check its permissions.") from exc
    with os.fdopen(descriptor, "rb") as file:
        _check_unchanged(file, path, expected)
        _check_not_reached_by_a_link(file, path)
        _check_not_being_written(file)
        try:
            yield file
        finally:
            _check_unchanged(file, path, expected)


def sha256_of(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(BLOCK_BYTES):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def _signature(found: os.stat_result) -> Signature:
    return Signature(size_bytes=found.st_size, modified_ns=found.st_mtime_ns, inode=found.st_ino)


def _check_unchanged(file: BinaryIO, path: Path, expected: Signature) -> None:
    if _signature(os.fstat(file.fileno())) != expected or signature_of(path) != expected:
        raise ObjectChanged("The file changed while it was read.")


def _check_not_reached_by_a_link(file: BinaryIO, path: Path) -> None:
    """A sub-folder may have been replaced by a link to elsewhere; `path` itself was resolved when the folder was."""
    opened_as = Path(f"/proc/self/fd/{file.fileno()}")
    if opened_as.is_symlink() and opened_as.readlink() != path:
        raise ObjectChanged("A link leads to the file.")


def readable(path: Path) -> bool:
    return os.access(path, os.R_OK, effective_ids=True)


def _check_not_being_written(file: BinaryIO) -> None:
    """A read lease is refused while somebody has the file open for writing: a proof, where it is permitted.

    Given back at once: breaking a held one would raise SIGIO here (ignored in `main`, for the moment between).
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError as exc:
        raise StillBeingWritten("The file is open for writing.") from exc
    except OSError:
        return  # not our file, or a file system without leases: the quiet window has to do
    with suppress(OSError):
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
