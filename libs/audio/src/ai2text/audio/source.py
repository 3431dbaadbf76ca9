"""Where the bytes of a recording come from: the only thing that a decoder ever reads."""

import os
from typing import BinaryIO, Protocol

from ai2text.common.errors import ObjectChanged


class AudioSource(Protocol):
    """Used by one job at a time. What `read` raises reaches the caller of `probe` and `decode` unchanged."""

    @property
    def size_bytes(self) -> int: ...

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes, fewer only where the recording ends."""


class FileSource:
    """An open binary file, read by position: neither its name nor its cursor matters. The caller closes it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size_bytes = os.fstat(file.fileno()).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Raises ObjectChanged when the file has become shorter than it was."""
        wanted = max(0, min(length, self.size_bytes - offset))
        content = b""
        while len(content) < wanted:
            block = os.pread(self._file.fileno(), wanted - len(content), offset + len(content))
            if not block:
                raise ObjectChanged("The file became shorter while it was read.")
            content += block
        return content
