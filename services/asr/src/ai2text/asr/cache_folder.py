"""How one model lies in the cache: a folder for each revision, its mark, and the names it was known by."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import structlog

from ai2text.asr.model_files import ModelFiles, ModelUnavailable, RemoteFile

log = structlog.get_logger()

COMPLETE, LOCK, REFS, PARTIAL = ".complete", ".lock", "refs", ".partial"


def complete(folder: Path) -> ModelFiles | None:
    """Judged by the mark and the sizes; the bytes are read when the model is loaded."""
    mark = read_text(folder / COMPLETE)
    if mark is None:
        return None
    files = json.loads(mark)
    if any(size_of(folder / name) != facts["size_bytes"] for name, facts in files.items()):
        return None
    return ModelFiles(
        folder=folder, revision=folder.name, sha256={name: facts["sha256"] for name, facts in files.items()}
    )


def mark_complete(folder: Path, files: Sequence[RemoteFile]) -> ModelFiles:
    """All of them are on the disk, and were checked."""
    sha256 = {file.name: file.sha256 or _sha256(folder / file.name) for file in files}  # checked: not read again
    facts = {file.name: {"size_bytes": file.size_bytes, "sha256": sha256[file.name]} for file in files}
    write_durably(folder / COMPLETE, json.dumps(facts, indent=1))
    return ModelFiles(folder=folder, revision=folder.name, sha256=sha256)


def sweep(home: Path, wanted: Path) -> None:
    """Under the lock: what is incomplete of other revisions was abandoned."""
    for folder in home.iterdir():
        if folder.is_dir() and folder.name != REFS and folder != wanted and not (folder / COMPLETE).exists():
            log.info("model_download_swept", folder=str(folder))
            shutil.rmtree(folder)


def check_room(folder: Path, missing: Sequence[RemoteFile]) -> None:
    needed = sum(file.size_bytes for file in missing) - bytes_in(folder, PARTIAL)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise ModelUnavailable(f"{folder} has {free} bytes free, and {needed} are still to be downloaded.")


def bytes_in(folder: Path, suffix: str = "") -> int:
    return sum(size_of(path) for path in folder.glob(f"*{suffix}"))


def size_of(path: Path) -> int:
    """0 for what is not there, or was just renamed."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_text(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def write_durably(path: Path, text: str) -> None:
    """Whole or not at all, and on the disk; under the lock."""
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
