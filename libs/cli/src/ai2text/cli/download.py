"""The files of a dataset version, copied below a folder and checked against their hashes."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import httpx

from ai2text.cli.client import AnsweredWithError, checked
from ai2text.cli.files import draft_of
from ai2text.common.errors import Misconfigured

BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    path: str
    """As the server names it."""
    target: Path
    sha256: str
    bytes: int


def plan(files: Sequence[dict[str, Any]], folder: Path) -> list[Wanted]:
    """What is not there yet.

    Raises AnsweredWithError for a path that leaves the folder, Misconfigured where another file stands.
    """
    listed = [_wanted(file, folder) for file in files]
    missing = [wanted for wanted in listed if not _stands(wanted.target)]
    for wanted in listed:
        if wanted not in missing and not _is_same(wanted):
            raise Misconfigured(f"{wanted.target} is another file already: choose an empty folder with --output.")
    return missing


def _wanted(file: dict[str, Any], folder: Path) -> Wanted:
    target = _below(folder, file["path"])
    return Wanted(path=file["path"], target=target, sha256=file["sha256"], bytes=file["bytes"])


def _below(folder: Path, path: str) -> Path:
    """Links inside the folder are followed before it is judged."""
    pure, root = PurePosixPath(path), folder.resolve()
    plain = path and "\0" not in path and not pure.is_absolute() and ".." not in pure.parts and pure.name
    if not plain or not (root / pure).parent.resolve().is_relative_to(root):
        raise AnsweredWithError(
            f"The gateway names a file {path!r}, which would not lie in {folder}: nothing is taken."
        )
    return root / pure


def _stands(target: Path) -> bool:
    return target.exists() or target.is_symlink()


def _is_same(wanted: Wanted) -> bool:
    target = wanted.target
    return target.is_file() and target.stat().st_size == wanted.bytes and _digest(target) == wanted.sha256


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(client: httpx.Client, version: str, wanted: Wanted, advance: Callable[[int], None]) -> None:
    """Raises AnsweredWithError when the bytes are not those that were announced; then nothing is left of them."""
    wanted.target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with client.stream("GET", f"{version}/files/{quote(wanted.path)}") as answer, draft_of(wanted.target) as draft:
        for block in _blocks(answer):
            digest.update(block)
            draft.write(block)
            advance(len(block))
        if digest.hexdigest() != wanted.sha256:
            raise AnsweredWithError(f"{wanted.path} came with other bytes than announced; try again.")


def _blocks(answer: httpx.Response) -> Iterator[bytes]:
    if answer.is_error:
        answer.read()
    return checked(answer).iter_bytes(BLOCK_BYTES)
