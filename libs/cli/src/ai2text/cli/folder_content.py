"""The files of a version in a folder, as rules see them."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from ai2text.training_orchestrator.rules.sound_header import HEADER_BYTES, Sound, sound_of


@dataclass(frozen=True, slots=True)
class FolderContent:
    folder: Path
    reference: str | None = None
    names_archives: bool = False

    def paths(self, pattern: str) -> list[str]:
        """Only what lies as deep as the pattern says."""
        found = (path.relative_to(self.folder).as_posix() for path in self.folder.glob(pattern) if path.is_file())
        return sorted(path for path in found if fnmatchcase(path, pattern))

    def open(self, path: str) -> BinaryIO:
        return (self.folder / path).open("rb")

    def has(self, path: str) -> bool:
        return (self.folder / path).is_file()

    def sound(self, path: str) -> Sound | None:
        with self.open(path) as file:
            return sound_of(file.read(HEADER_BYTES))
