"""A file with its size and its hash, mostly written once from its beginning to its end, and hashed on the way."""

import hashlib
from typing import BinaryIO, Self

BLOCK_BYTES = 1 << 20


class HashedFile:
    """Of `file`, which is empty."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size_bytes = 0
        self._digest = hashlib.sha256()

    @classmethod
    def of(cls, file: BinaryIO) -> Self:
        """What stands in `file` already, written by somebody who goes back in it."""
        hashed = cls(file)
        file.seek(0)
        while block := file.read(BLOCK_BYTES):
            hashed._count(block)
        return hashed

    def write(self, block: bytes) -> None:
        self.file.write(block)
        self._count(block)

    def _count(self, block: bytes) -> None:
        self._digest.update(block)
        self.size_bytes += len(block)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()
