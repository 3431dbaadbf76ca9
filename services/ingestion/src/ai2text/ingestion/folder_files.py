"""Which files of a hot folder are its recordings, by their paths alone."""

from pathlib import PurePosixPath

from ai2text.common.sources import Disposition, Folder
from ai2text.ingestion.patterns import check_patterns, compiled, lets
from ai2text.ingestion.recording import is_taken

DONE, REJECTED = "done", "rejected"
"""Below a folder that moves its files; never watched there."""


class FolderFiles:
    """Paths are below the folder, as `os` hands them out. Patterns are those of a .gitignore, by `pathspec`."""

    def __init__(self, folder: Folder) -> None:
        check_patterns("Folder", folder)
        self._recursive = folder.recursive
        self._extensions = folder.extensions
        self._own = {DONE, REJECTED} if folder.disposition is Disposition.MOVE else set[str]()
        self._include, self._exclude = folder.include, folder.exclude

    def enters(self, path: str) -> bool:
        """Whether the sub-folder is looked into; hidden ones are where others put what is not finished."""
        hidden = PurePosixPath(path).name.startswith(".")
        return (
            self._recursive
            and not hidden
            and path not in self._own
            and not compiled(self._exclude).match_file(f"{path}/")
        )

    def takes(self, path: str) -> bool:
        return is_taken(PurePosixPath(path).name, self._extensions) and lets(path, self._include, self._exclude)

    def reaches(self, path: str) -> bool:
        """Whether all folders on the way to `path` are entered."""
        parents = [str(parent) for parent in PurePosixPath(path).parents][:-1]
        return all(map(self.enters, parents))
