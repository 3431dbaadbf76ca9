"""What is known of the file system that a folder lies on."""

import ctypes
import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
WITHOUT_EVENTS = re.compile(r"nfs|nfs4|cifs|smb3|smbfs|9p|fuse(\..+)?")
"""Types on which what others write is not told to us."""
AT_FDCWD, RENAME_NOREPLACE = -100, 1
NOT_THERE = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}
"""How a kernel or a file system says that it has no such rename."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Of a directory: another one means that something was mounted, unmounted or renamed there."""

    device: int
    inode: int


def identity_of(path: Path) -> Identity | None:
    """None when there is no directory that can be listed."""
    try:
        found = path.stat()
        with os.scandir(path):
            return Identity(found.st_dev, found.st_ino)
    except OSError:
        return None


def has_events(path: Path, mounts: str) -> bool:
    """Whether the file system of `path` tells of changes; `mounts` is the text of /proc/self/mountinfo."""
    kind, longest = "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), before.split(" ")[4])
        if path.is_relative_to(point) and len(point) >= longest:
            kind, longest = after.split(" ")[0], len(point)
    return not WITHOUT_EVENTS.fullmatch(kind)


def rename_new(source: Path, target: Path) -> None:
    """Like os.rename, but raises FileExistsError where something stands under the new name."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        _rename_onto_own_mark(source, target)
    elif libc.renameat2(AT_FDCWD, os.fsencode(source), AT_FDCWD, os.fsencode(target), RENAME_NOREPLACE):
        number = ctypes.get_errno()
        if number not in NOT_THERE:
            raise OSError(number, os.strerror(number), str(source))
        _rename_onto_own_mark(source, target)


def _rename_onto_own_mark(source: Path, target: Path) -> None:
    source.lstat()  # without it an empty file would be left under the new name
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    source.rename(target)


def is_forbidden(exc: OSError) -> bool:
    """By whoever owns the file, or for the whole file system."""
    return exc.errno in {errno.EACCES, errno.EPERM, errno.EROFS}
