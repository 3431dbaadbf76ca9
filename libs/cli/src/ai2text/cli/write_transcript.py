"""A transcript becomes a file, whole or not at all, and never in the place of somebody else's."""

from pathlib import Path

from ai2text.cli.files import draft_of
from ai2text.common.errors import Misconfigured


class Occupied(Misconfigured):
    """Another content stands under the name; the sentence says what to do."""


def make_folder(folder: Path) -> None:
    """Raises Misconfigured."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise Misconfigured(f"The folder {folder} cannot be made: {exc.strerror}.") from exc


def write_transcript(path: Path, text: str, *, force: bool) -> None:
    """Raises Occupied unless `force`, Misconfigured when it cannot be written."""
    content = text.encode()
    make_folder(path.parent)
    try:
        if _stands(path, content, force=force):
            return
        with draft_of(path) as draft:
            draft.write(content)
    except OSError as exc:
        raise Misconfigured(f"{path} cannot be written: {exc.strerror}.") from exc


def _stands(path: Path, content: bytes, *, force: bool) -> bool:
    """Whether it is there as it should be."""
    if not (path.exists() or path.is_symlink()):
        return False
    if path.is_file() and path.read_bytes() == content:
        return True
    if force and path.is_file():
        return False
    raise Occupied(f"{path} stands there already with other content: choose another --output, or say --force.")
