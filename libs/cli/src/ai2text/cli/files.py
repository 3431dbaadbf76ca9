"""Files that are whole or not there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

DRAFT_PREFIX = ".ai2text-"


def write_atomically(path: Path, content: bytes) -> None:
    """Mode 0600, for it may be secret; durable when this returns."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


@contextmanager
def draft_of(path: Path) -> Iterator[BinaryIO]:
    """Takes the name of `path` when it is whole and durable, and vanishes otherwise; everybody may read it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=DRAFT_PREFIX)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
