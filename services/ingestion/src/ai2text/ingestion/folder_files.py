"""Which files of a hot folder are its recordings, by their paths alone."""

from pathlib import PurePosixPath

from pathspec import GitIgnoreSpec

from ai2text.common.errors import Misconfigured
from ai2text.common.sources import Disposition, Folder
from ai2text.ingestion.recording import is_taken

DONE, REJECTED = "done", "rejected"
"""Below a folder that moves its files; never watched there."""


class FolderFiles:
    """Paths are below the folder, as `os` hands them out. Patterns are those of a .gitignore, by `pathspec`."""

    def __init__(self, folder: Folder) -> None:
        self._recursive = folder.recursive
        self._extensions = folder.extensions
        self._own = {DONE, REJECTED} if folder.disposition is Disposition.MOVE else set[str]()
        self._include = _compiled(folder, "include", folder.include)
        self._exclude = _compiled(folder, "exclude", folder.exclude)

    def enters(self, path: str) -> bool:
        """Whether the sub-folder is looked into; hidden ones are where others put what is not finished."""
        hidden = PurePosixPath(path).name.startswith(".")
        return self._recursive and not hidden and path not in self._own and not self._exclude.match_file(f"{path}/")

    def takes(self, path: str) -> bool:
        if not is_taken(PurePosixPath(path).name, self._extensions) or self._exclude.match_file(path):
            return False
        return not self._include or self._include.match_file(path)

    def reaches(self, path: str) -> bool:
        """Whether all folders on the way to `path` are entered."""
        parents = [str(parent) for parent in PurePosixPath(path).parents][:-1]
        return all(map(self.enters, parents))


def _compiled(folder: Folder, field: str, patterns: tuple[str, ...]) -> GitIgnoreSpec:
    try:
        return GitIgnoreSpec.from_lines(patterns)
    except ValueError as exc:
        raise Misconfigured(f"Folder {folder.name!r}: {field}: {exc}") from exc
