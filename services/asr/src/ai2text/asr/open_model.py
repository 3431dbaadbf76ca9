"""From what a name stands for to files that are here, whole and known by their revision."""

import hashlib
from pathlib import Path

import structlog

from ai2text.asr.model_cache import ModelCache, Remote
from ai2text.asr.model_files import TAKEN, ModelFiles, ModelUnavailable, complete_or_refuse, digest
from ai2text.asr.model_progress import Progress, State
from ai2text.asr.model_source import LocalModel, Source

log = structlog.get_logger()


class OpenModel:
    """The use case with what it needs, and the hashes of files that have not changed since they were read."""

    def __init__(self, cache: ModelCache) -> None:
        self._cache = cache
        self._read: dict[Path, tuple[int, int, str]] = {}

    def open_model(self, source: Source, progress: Progress) -> ModelFiles:
        """Blocking. Reads every file once in this process's life: a disk's fault must not become a transcript.

        Raises Refused, ModelUnavailable, StoreUnavailable, Stopped.
        """
        if isinstance(source, LocalModel):
            return self._local(source.folder, progress)
        files = self._cache.fetch(source, progress)
        damaged = self._damaged(files, progress)
        return files if damaged is None else self._again(source, files, damaged, progress)

    def _again(self, source: Remote, files: ModelFiles, damaged: str, progress: Progress) -> ModelFiles:
        log.warning("model_damaged", model=progress.model, folder=str(files.folder), file=damaged)
        self._cache.discard(source, files, damaged)
        files = self._cache.fetch(source, progress)
        damaged_again = self._damaged(files, progress)
        if damaged_again is not None:
            raise ModelUnavailable(f"The disk gives {files.folder / damaged_again} back with other bytes than written.")
        return files

    def _local(self, folder: Path, progress: Progress) -> ModelFiles:
        names = [name for name in TAKEN if (folder / name).is_file()]
        complete_or_refuse(set(names), str(folder))
        sha256 = self._digests(folder, names, progress)
        whole = "\n".join(f"{name} {sha256[name]}" for name in sorted(names))
        return ModelFiles(folder=folder, revision=hashlib.sha256(whole.encode()).hexdigest()[:40], sha256=sha256)

    def _damaged(self, files: ModelFiles, progress: Progress) -> str | None:
        """The first file whose bytes are not those that were downloaded."""
        found = self._digests(files.folder, list(files.sha256), progress)
        return next((name for name, sha256 in files.sha256.items() if found[name] != sha256), None)

    def _digests(self, folder: Path, names: list[str], progress: Progress) -> dict[str, str]:
        sizes = {name: (folder / name).stat().st_size for name in names}
        progress.begin(State.LOADING, sum(sizes.values()))
        return {name: self._digest(folder / name, progress) for name in names}

    def _digest(self, path: Path, progress: Progress) -> str:
        facts = path.stat()
        known = self._read.get(path)
        if known is not None and known[:2] == (facts.st_size, facts.st_mtime_ns):
            progress.advance(facts.st_size)
            return known[2]
        sha256 = digest(path, progress)
        self._read[path] = (facts.st_size, facts.st_mtime_ns, sha256)
        return sha256
