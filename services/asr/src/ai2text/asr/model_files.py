"""The files of one model, wherever they come from."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ai2text.asr.model_progress import Progress
from ai2text.common.errors import Refused, Unavailable

NEEDED = ("config.json", "model.bin", "tokenizer.json")
"""Without its tokenizer faster-whisper would fetch another one over the network."""
TAKEN = (*NEEDED, "preprocessor_config.json", "vocabulary.json", "vocabulary.txt")
BLOCK_BYTES = 1 << 20


class ModelUnavailable(Unavailable):
    """The hub or the store did not answer, or the disk is full; the job waits."""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent of a file, and from which byte on: a server may begin anew."""

    offset: int
    blocks: Iterator[bytes]


class RemoteFile(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def size_bytes(self) -> int: ...

    @property
    def sha256(self) -> str | None:
        """None where its place does not say."""

    def check(self, path: Path) -> None:
        """Raises ModelUnavailable when these are not its bytes."""

    def open(self, offset: int) -> AbstractContextManager[Body]:
        """Raises ModelUnavailable, Refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A model as its place has it now."""

    revision: str
    files: tuple[RemoteFile, ...]

    @property
    def total_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """A model on this machine."""

    folder: Path
    revision: str | None
    """A commit of the hub, or a digest of what lay in the bucket; None for a folder that was not read yet."""
    sha256: dict[str, str]
    """By name, where they are known."""


def complete_or_refuse(names: set[str], place: str) -> None:
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise Refused(
            "unknown_model", f"{place} holds no model in CTranslate2's form: {', '.join(missing)} is missing."
        )


def digest(path: Path, progress: Progress) -> str:
    """SHA-256, read in blocks that the progress counts; the file is in the page cache afterwards."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            hashed.update(block)
            progress.advance(len(block))
    return hashed.hexdigest()
