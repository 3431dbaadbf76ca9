"""The folder of downloaded models, shared by all workers of a machine or a volume.

`<folder>/<model>/<revision>/` holds the files, and `.complete` beside them when all are there and were checked: their
sizes and hashes as JSON. `refs/` says which revision a name was when it was fetched, `.lock` who fetches; it is never
removed, for another process may be waiting on it. What is complete is used without asking anybody.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import structlog
from filelock import FileLock

from ai2text.asr.cache_folder import (
    COMPLETE,
    LOCK,
    REFS,
    bytes_in,
    check_room,
    complete,
    mark_complete,
    read_text,
    size_of,
    sweep,
    write_durably,
)
from ai2text.asr.download_file import PAUSES_SECONDS, download_file
from ai2text.asr.model_files import ModelFiles, ModelUnavailable, Snapshot
from ai2text.asr.model_hub import hub_snapshot, in_the_hubs_own_cache
from ai2text.asr.model_progress import Progress, State
from ai2text.asr.model_source import COMMIT, HubModel, StoredModel
from ai2text.asr.model_store import stored_snapshot
from ai2text.common.errors import Refused, Unavailable
from ai2text.common.settings import S3Settings

log = structlog.get_logger()

LOCK_SECONDS = 0.2
"""How often the lock is tried."""
NOT_OURS = {errno.EACCES, errno.EPERM, errno.EROFS}
Remote = HubModel | StoredModel


class ModelCache:
    def __init__(
        self, folder: Path, s3: S3Settings | None = None, pauses_seconds: tuple[float, ...] = PAUSES_SECONDS
    ) -> None:
        self._folder = folder.expanduser()
        self._s3 = s3
        self._pauses = pauses_seconds

    def find(self, model: Remote) -> ModelFiles | None:
        """What is here already; asks nobody and writes nothing."""
        home = self._home(model)
        pinned = isinstance(model, HubModel) and COMMIT.fullmatch(model.revision)
        revision = model.revision if isinstance(model, HubModel) and pinned else read_text(_ref(home, model))
        own = complete(home / revision) if revision else None
        if own is None and isinstance(model, HubModel) and (found := in_the_hubs_own_cache(model)):
            return ModelFiles(folder=found, revision=found.name, sha256={})
        return own

    def fetch(self, model: Remote, progress: Progress) -> ModelFiles:
        """Blocking, for as long as it takes. Raises Refused, ModelUnavailable, StoreUnavailable, Stopped."""
        if found := self.find(model):
            return found
        snapshot = self._ask(model, progress)
        with self._translated(model), self._locked(model, snapshot, progress):
            return self.find(model) or self._fill(model, snapshot, progress)

    def discard(self, model: Remote, files: ModelFiles, damaged: str) -> None:
        """So that it is fetched again: the disk gives other bytes of `damaged` than it was given."""
        with self._translated(model):
            (files.folder / COMPLETE).unlink(missing_ok=True)
            (files.folder / damaged).unlink(missing_ok=True)

    def _ask(self, model: Remote, progress: Progress) -> Snapshot:
        for pause in self._pauses:
            try:
                return self._snapshot(model)
            except Unavailable as exc:
                log.warning("model_source_away", model=progress.model, error=str(exc), delay_seconds=pause)
            progress.pause(pause)
        return self._snapshot(model)

    def _snapshot(self, model: Remote) -> Snapshot:
        match model:
            case HubModel():
                return hub_snapshot(model)
            case StoredModel():
                return stored_snapshot(model, self._s3)

    def _fill(self, model: Remote, snapshot: Snapshot, progress: Progress) -> ModelFiles:
        home = self._home(model)
        folder = home / snapshot.revision
        sweep(home, folder)
        folder.mkdir(exist_ok=True)
        missing = [file for file in snapshot.files if size_of(folder / file.name) != file.size_bytes]
        check_room(folder, missing)
        progress.reach(0)
        for file in snapshot.files:
            if file in missing:
                download_file(file, folder, progress, self._pauses)
            else:
                progress.advance(file.size_bytes)
        files = mark_complete(folder, snapshot.files)
        _ref(home, model).parent.mkdir(exist_ok=True)
        write_durably(_ref(home, model), snapshot.revision)
        log.info("model_downloaded", model=progress.model, revision=snapshot.revision, total_bytes=snapshot.total_bytes)
        return files

    @contextmanager
    def _locked(self, model: Remote, snapshot: Snapshot, progress: Progress) -> Iterator[None]:
        """Waits for whoever fetches this model now, and shows how far that one is."""
        home = self._home(model)
        home.mkdir(parents=True, exist_ok=True)
        progress.begin(State.DOWNLOADING, snapshot.total_bytes)

        def look() -> bool:
            progress.reach(min(snapshot.total_bytes, bytes_in(home / snapshot.revision)))
            return False

        lock = FileLock(home / LOCK, preserve_lock_file=True, thread_local=False)
        with lock.acquire(timeout=-1, poll_interval=LOCK_SECONDS, cancel_check=look):
            yield

    @contextmanager
    def _translated(self, model: Remote) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            if exc.errno in NOT_OURS:
                raise Refused(
                    "model_not_cached",
                    f"{self._home(model).name} is not whole in the model cache, which cannot be written to: {exc}",
                ) from exc
            raise ModelUnavailable(f"The model cache {self._folder} (AI2TEXT_ASR_MODEL_CACHE) fails: {exc}") from exc

    def _home(self, model: Remote) -> Path:
        match model:
            case HubModel():
                return self._folder / f"hub--{model.repo.replace('/', '--')}"
            case StoredModel():
                return self._folder / f"s3--{quote(f'{model.bucket}/{model.prefix}'.rstrip('/'), safe='')}"


def _ref(home: Path, model: Remote) -> Path:
    return home / REFS / quote(model.revision if isinstance(model, HubModel) else "prefix", safe="")
