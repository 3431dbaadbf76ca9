"""A version's files as rules see them, wherever they lie."""

from collections.abc import Iterable
from typing import BinaryIO, Protocol

from ai2text.common.contracts.definition import STORE
from ai2text.training_orchestrator.rules.sound_header import Sound


class Content(Protocol):
    """Paths are relative to the version."""

    @property
    def reference(self) -> str | None:
        """What stands before the paths of audio in manifests, see the definition."""
        ...

    @property
    def names_archives(self) -> bool:
        """Whether manifests name some audio by where it lies in an archive."""
        ...

    def paths(self, pattern: str) -> Iterable[str]:
        """Those of files that were made for the version, by a pattern of `fnmatch`, in order."""
        ...

    def open(self, path: str) -> BinaryIO:
        """Closed by whoever opens it; it can seek."""
        ...

    def has(self, path: str) -> bool:
        """Whether the version has such a file; audio counts."""
        ...

    def sound(self, path: str) -> Sound | None:
        """What the header of some audio says, None where it says nothing or was not looked at."""
        ...


def has_file(content: Content, path: object) -> bool:
    """Whether it is the path of a file, and none that leaves the version."""
    is_plain = isinstance(path, str) and path and not path.startswith("/") and ".." not in path.split("/")
    return bool(is_plain) and content.has(str(path))


def has_audio(content: Content, named: object) -> bool:
    """Whether a manifest that names audio like this names some of the version, of the store or of an archive."""
    if _lies_in_store(content, named):
        return True
    if content.reference == STORE:
        return False
    return isinstance(named, str) and _is_referenced(content, named) and has_file(content, _path(content, named))


def sound_named(content: Content, named: str) -> Sound | None:
    return None if _lies_in_store(content, named) else content.sound(_path(content, named))


def _lies_in_store(content: Content, named: object) -> bool:
    expected = content.reference == STORE or content.names_archives
    return expected and isinstance(named, str) and named.startswith("s3://")


def _is_referenced(content: Content, named: str) -> bool:
    return content.reference is None or named.startswith(content.reference)


def _path(content: Content, named: str) -> str:
    return named.removeprefix(content.reference or "")
