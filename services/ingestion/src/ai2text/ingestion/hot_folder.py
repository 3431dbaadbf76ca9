"""A watched folder. File events are hints; comparing the whole folder with the ledger is the truth.

All files settle side by side: each is taken when its size, time and inode have stood still for the quiet window.
"""

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from watchfiles import awatch

from ai2text.common.clock import stopped_within
from ai2text.common.errors import Ai2TextError, ObjectChanged, Unavailable
from ai2text.ingestion.ingest_recording import IngestRecording
from ai2text.ingestion.ledger import Entry, Ledger, Stage
from ai2text.ingestion.recording import Signature, is_taken
from ai2text.ingestion.settings import FolderSettings
from ai2text.ingestion.stable_file import signature_of
from ai2text.ingestion.write_sidecars import WriteSidecars

log = structlog.get_logger()

REPAIRS_PER_RESCAN = 200
RETRY_SECONDS = 2.0


class FolderAway(Unavailable):
    """The folder, or one below it, cannot be listed; nothing is concluded from what was not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStatus:
    """How far the folder has come; `reconciled` is false until it was compared once from end to end."""

    name: str
    reconciled: bool
    settling: int
    working: int
    awaiting_sidecars: int


@dataclass(frozen=True, slots=True)
class _Sighting:
    signature: Signature
    still_since: float


@dataclass(frozen=True, slots=True)
class _Found:
    recordings: dict[str, Signature]
    names: set[str]


class HotFolder:
    """Owns what is known of the folder; nothing else moves its files on."""

    def __init__(
        self,
        settings: FolderSettings,
        ledger: Ledger,
        ingest: IngestRecording,
        sidecars: WriteSidecars,
        workers: int,
    ) -> None:
        self._settings = settings
        self._root = settings.path.resolve()
        self._ledger = ledger
        self._ingest = ingest
        self._sidecars = sidecars
        self._workers = asyncio.Semaphore(workers)
        self._settling: dict[str, _Sighting] = {}
        self._working: set[str] = set()
        self._reconciled = False

    @property
    def tenant(self) -> str:
        return self._settings.tenant

    def status(self) -> FolderStatus:
        return FolderStatus(
            name=self._settings.name,
            reconciled=self._reconciled,
            settling=len(self._settling),
            working=len(self._working),
            awaiting_sidecars=self._ledger.count_waiting(),
        )

    async def run(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch(stop))
            tasks.create_task(self._rescan(stop))
            tasks.create_task(self._settle(stop, tasks))

    async def _watch(self, stop: asyncio.Event) -> None:
        async for changes in awatch(self._root, watch_filter=None, stop_event=stop, step=200):
            for path in {Path(changed) for _, changed in changes}:
                await self._look_at(path)

    async def _look_at(self, path: Path) -> None:
        """A hint: the path itself and, for events of a new folder's contents are often missed, all below it."""
        try:
            found = await asyncio.to_thread(self._scan, path)
        except FolderAway:
            return
        for name, signature in found.recordings.items():
            self._sight(name, signature)

    async def _rescan(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._reconcile()
            except Unavailable as exc:
                log.warning("reconciliation_postponed", error=str(exc))
            await stopped_within(stop, self._settings.rescan_seconds if self._reconciled else RETRY_SECONDS)

    async def _reconcile(self) -> None:
        """The folder against the ledger, both ways, and what is missing between the ledger and the store."""
        found = await asyncio.to_thread(self._scan, self._root)
        for name, signature in found.recordings.items():
            self._sight(name, signature)
        for entry in await asyncio.to_thread(self._ledger.everything):
            await self._compare(entry, found)
        for entry in await asyncio.to_thread(self._ledger.waiting, REPAIRS_PER_RESCAN):
            await self._help_on(entry)
        if not self._reconciled:
            log.info("folder_reconciled", folder=self._settings.name, recordings=len(found.recordings))
        self._reconciled = True

    async def _compare(self, entry: Entry, found: _Found) -> None:
        if entry.name in self._working:
            return
        if entry.name not in found.recordings:
            if signature_of(self._root / entry.name) is None:  # it may have come after the folder was listed
                self._ledger.forget(entry.name)
        elif entry.written.keys() - found.names:
            await self._restore(entry)

    async def _restore(self, entry: Entry) -> None:
        """A file that we wrote has gone: written again from the store; a refusal is decided again."""
        log.info("sidecar_missing", name=entry.name)
        if entry.stage is Stage.REFUSED:
            self._ledger.forget(entry.name)
            self._sight(entry.name, entry.signature)
        else:
            await self._sidecars.repair(entry)

    async def _help_on(self, entry: Entry) -> None:
        """What a crash, or a lost message, left between two steps."""
        if entry.name in self._working:
            return
        if not await self._sidecars.repair(entry) and entry.stage is Stage.STORED:
            await self._ingest.announce_again(entry)

    def _sight(self, name: str, signature: Signature) -> None:
        if name in self._working or self._is_known(name, signature):
            return
        earlier = self._settling.get(name)
        if earlier and earlier.signature == signature:
            return
        age = time.time() - signature.modified_ns / 1e9
        arrived_whole = earlier is None and age > self._settings.quiet_seconds
        still_since = time.monotonic() - (self._settings.quiet_seconds if arrived_whole else 0)
        self._settling[name] = _Sighting(signature, still_since)

    def _is_known(self, name: str, signature: Signature) -> bool:
        entry = self._ledger.get(name)
        return entry is not None and entry.signature == signature

    async def _settle(self, stop: asyncio.Event, tasks: asyncio.TaskGroup) -> None:
        while not stop.is_set():
            due = time.monotonic() - self._settings.quiet_seconds
            for name in [name for name, seen in self._settling.items() if seen.still_since <= due]:
                signature = self._still(name)
                if signature:
                    self._working.add(name)
                    tasks.create_task(self._work(name, signature, stop))
            await stopped_within(stop, min(0.25, self._settings.quiet_seconds / 4))

    def _still(self, name: str) -> Signature | None:
        """The file as it is, if that is how it was last seen; otherwise its window begins anew."""
        seen = self._settling.pop(name)
        now = signature_of(self._root / name)
        if now == seen.signature:
            return now
        if now:
            self._settling[name] = _Sighting(now, time.monotonic())
        return None

    async def _work(self, name: str, signature: Signature, stop: asyncio.Event) -> None:
        try:
            async with self._workers:
                if not stop.is_set():
                    await self._take_in(name, signature, stop)
        finally:
            self._working.discard(name)

    async def _take_in(self, name: str, signature: Signature, stop: asyncio.Event) -> None:
        try:
            await self._ingest.ingest_recording(self._root, name, signature)
        except ObjectChanged as exc:
            log.info("file_not_still", name=name, detail=str(exc))
            self._look_again(name)
        except Unavailable as exc:
            log.warning("ingestion_postponed", name=name, error=str(exc))
            await stopped_within(stop, RETRY_SECONDS)
            self._look_again(name)
        except Ai2TextError:
            log.exception("ingestion_failed", name=name)  # the next reconciliation tries it again

    def _look_again(self, name: str) -> None:
        now = signature_of(self._root / name)
        if now:
            self._settling[name] = _Sighting(now, time.monotonic())

    def _scan(self, top: Path) -> _Found:
        """Blocking: `top` and all below it. Symbolic links, of files and of folders, are not followed."""
        found = _Found({}, set())
        for path in _walk(top):
            name = path.relative_to(self._root).as_posix()
            if not _is_utf8(name):
                log.warning("name_not_utf8", name=os.fsencode(name).decode("utf-8", "backslashreplace"))
                continue
            found.names.add(name)
            signature = signature_of(path) if is_taken(path.name, self._settings.extensions) else None
            if signature is not None:
                found.recordings[name] = signature
        return found


def _walk(top: Path) -> Iterator[Path]:
    """Files, at or below `top`."""
    if top.is_symlink() or not top.is_dir():
        yield top
        return
    try:
        entries = list(os.scandir(top))
    except OSError as exc:
        raise FolderAway(f"{top} cannot be listed: {exc.strerror}") from exc
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
