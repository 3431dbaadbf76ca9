"""Walks a folder, one entry at a time; what cannot be listed is told, and nothing is concluded about it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from ai2text.common.errors import Unavailable
from ai2text.ingestion.folder_files import FolderFiles
from ai2text.ingestion.names import to_name
from ai2text.ingestion.recording import Signature
from ai2text.ingestion.stable_file import signature_of

log = structlog.get_logger()

LINKS_REMEMBERED = 1000


class FolderAway(Unavailable):
    """The folder is missing, cannot be listed, or is not the one that it was."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One file; the signature is None for what is no recording."""

    name: str
    signature: Signature | None


@dataclass(slots=True)
class Scan:
    """Blocking. Symbolic links, of files and of folders, are not followed."""

    root: Path
    files: FolderFiles
    unlisted: set[str] = field(default_factory=set)
    """Sub-folders that could not be listed the last time, as paths below the root that end with a slash."""
    links: set[str] = field(default_factory=set)

    def everything(self) -> Iterator[Seen]:
        """Raises FolderAway when the root itself cannot be listed."""
        try:
            os.scandir(self.root).close()
        except OSError as exc:
            raise FolderAway(f"{self.root} cannot be listed: {exc.strerror}") from exc
        return self._below("")

    def at(self, path: str) -> Iterator[Seen]:
        """`path` itself or, where it is a folder, all below it."""
        if not self.files.reaches(path):
            return
        whole = self.root / path
        if whole.is_dir() and not whole.is_symlink():
            if self.files.enters(path):
                yield from self._below(f"{path}/")
        elif os.path.lexists(whole):
            yield self._seen(path, is_link=whole.is_symlink())

    def missed(self, path: str) -> bool:
        """Whether `path` lies where nothing could be seen."""
        return any(path.startswith(folder) for folder in self.unlisted)

    def _below(self, top: str) -> Iterator[Seen]:
        folders = [top]
        while folders:
            folder = folders.pop()
            try:
                entries = os.scandir(self.root / folder)
            except FileNotFoundError:
                continue
            except OSError as exc:
                self._cannot_list(folder, exc)
                continue
            with entries:
                yield from self._entries(folder, entries, folders)
            self.unlisted.discard(folder)

    def _entries(self, folder: str, entries: Iterator[os.DirEntry[str]], folders: list[str]) -> Iterator[Seen]:
        for entry in entries:
            path = f"{folder}{entry.name}"
            if not entry.is_dir(follow_symlinks=False):
                yield self._seen(path, is_link=entry.is_symlink())
            elif self.files.enters(path):
                folders.append(f"{path}/")

    def _seen(self, path: str, *, is_link: bool) -> Seen:
        if is_link:
            self._say_once(path)
        taken = not is_link and self.files.takes(path)
        return Seen(to_name(path), signature_of(self.root / path) if taken else None)

    def _cannot_list(self, folder: str, exc: OSError) -> None:
        if folder not in self.unlisted:
            log.warning("sub_folder_not_listed", path=to_name(folder), error=exc.strerror)
            self.unlisted.add(folder)

    def _say_once(self, path: str) -> None:
        if path not in self.links and len(self.links) < LINKS_REMEMBERED and self.files.takes(path):
            self.links.add(path)
            log.warning("link_left_alone", name=to_name(path))
