"""A file that is written once, from its beginning to its end, and hashed on the way."""

import hashlib
from typing import BinaryIO


class HashedFile:
    """Of `file`, which is empty."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size_bytes = 0
        self._digest = hashlib.sha256()

    def write(self, block: bytes) -> None:
        self.file.write(block)
        self._digest.update(block)
        self.size_bytes += len(block)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()
