"""A watched folder. File events are hints; comparing the whole folder with the ledger is the truth.

All files settle side by side; then a few workers take them in, one after the other.
"""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import structlog

from ai2text.common.clock import stopped_within
from ai2text.common.errors import Ai2TextError, ObjectChanged, ObjectNotFound, Unavailable
from ai2text.common.inside_client import ServiceUnavailable
from ai2text.common.sources import Folder
from ai2text.ingestion.admission import RETRY_SECONDS, Admission
from ai2text.ingestion.dispose import Dispose
from ai2text.ingestion.ingest_recording import IngestRecording
from ai2text.ingestion.ledger import Ledger, Stage
from ai2text.ingestion.names import to_path
from ai2text.ingestion.reconcile_folder import ReconcileFolder
from ai2text.ingestion.recording import Signature
from ai2text.ingestion.scan import FolderAway, Scan, Seen
from ai2text.ingestion.settling import Settling
from ai2text.ingestion.sidecars import FolderFull
from ai2text.ingestion.stable_file import readable, signature_of
from ai2text.ingestion.watch_folder import EventsLost, changes, polled
from ai2text.ingestion.write_sidecars import WriteSidecars

log = structlog.get_logger()

WORKERS_PER_FOLDER = 16
"""Most of them wait for NATS; how many of all folders hash and store at the same time is the admission's."""
MANY_CHANGES = 2000
"""So many at once may be what is left of more: the queue of the kernel holds 16,384."""
REST_FACTOR = 10
"""A comparison that took a second is followed by at least ten without one."""
BATCH = 500
COMPARING, TAKING_IN = "comparing", "taking in"
"""What a folder can have trouble with."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStatus:
    """How far the folder has come; `reconciled` is false until it was compared once from end to end."""

    name: str
    reconciled: bool
    settling: int
    working: int
    awaiting_sidecars: int
    away: str | None
    """Why the folder cannot be worked on at present, for people."""


class HotFolder:
    """Owns what is known of the folder; nothing else moves its files on."""

    def __init__(
        self,
        folder: Folder,
        ledger: Ledger,
        scan: Scan,
        ingest: IngestRecording,
        sidecars: WriteSidecars,
        dispose: Dispose,
        admission: Admission,
    ) -> None:
        self._folder = folder
        self._root = scan.root
        self._ledger = ledger
        self._scan = scan
        self._ingest = ingest
        self._sidecars = sidecars
        self._admission = admission
        self._settling = Settling(folder.quiet_seconds)
        self._queue: asyncio.Queue[tuple[str, Signature]] = asyncio.Queue()
        self._working: set[str] = set()
        self._reconciliation = ReconcileFolder(
            ledger=ledger,
            scan=scan,
            ingest=ingest,
            sidecars=sidecars,
            dispose=dispose,
            sight=self._sight,
            working=self._working,
        )
        self._young: dict[Path, float] = {}
        """Folders that came a moment ago: what is written into them at once is often not told."""
        self._hurry = asyncio.Event()
        self._reconciled = False
        self._troubles: dict[str, str] = {}

    @property
    def name(self) -> str:
        return self._folder.name

    @property
    def tenant(self) -> str:
        return self._folder.tenant

    def status(self) -> FolderStatus:
        return FolderStatus(
            name=self._folder.name,
            reconciled=self._reconciled,
            settling=len(self._settling),
            working=len(self._working),
            awaiting_sidecars=self._ledger.count_waiting(),
            away="; ".join(self._troubles.values()) or None,
        )

    async def run(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as tasks:
            if not polled(self._folder):
                tasks.create_task(self._watch(stop))
            tasks.create_task(self._rescan(stop))
            tasks.create_task(self._settle(stop))
            for _ in range(WORKERS_PER_FOLDER):
                tasks.create_task(self._work(stop))

    async def _watch(self, stop: asyncio.Event) -> None:
        async for changed in changes(self._root, stop):
            if isinstance(changed, EventsLost) or len(changed) > MANY_CHANGES:
                self._hurry.set()
                continue
            for path in changed:
                await self._look_at(path)

    async def _look_at(self, path: Path) -> None:
        """A hint: the path itself and, for events of a new folder's contents are often missed, all below it."""
        if path == self._root:
            return
        below = str(path.relative_to(self._root))
        try:
            await self._sight_all(self._scan.at(below))
        except Unavailable as exc:
            self._trouble(COMPARING, exc)
        if await asyncio.to_thread(path.is_dir):
            self._young.setdefault(path, time.monotonic())

    async def _sight_all(self, seen: Iterable[Seen]) -> None:
        rest = iter(seen)
        while batch := await asyncio.to_thread(_some, rest, BATCH):
            for found in batch:
                if found.signature is not None:
                    self._sight(found.name, found.signature)

    async def _rescan(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            began = time.monotonic()
            self._hurry.clear()
            try:
                await self._reconcile()
            except Unavailable as exc:
                self._trouble(COMPARING, exc)
            else:
                self._well(COMPARING)
            await self._pause(stop, max(self._interval(), (time.monotonic() - began) * REST_FACTOR))

    def _interval(self) -> float:
        if COMPARING in self._troubles or not self._reconciled:
            return RETRY_SECONDS
        rescan_seconds = self._folder.rescan_seconds
        return min(rescan_seconds, self._folder.poll_seconds) if polled(self._folder) else rescan_seconds

    async def _pause(self, stop: asyncio.Event, seconds: float) -> None:
        """Shorter when very many changes came at once."""
        until = time.monotonic() + seconds
        stopped = await stopped_within(stop, min(1.0, seconds))
        while not (stopped or self._hurry.is_set()) and time.monotonic() < until:
            stopped = await stopped_within(stop, min(1.0, seconds))

    async def _reconcile(self) -> None:
        recordings = await self._reconciliation.reconcile()
        if not self._reconciled:
            log.info("folder_reconciled", folder=self._folder.name, recordings=recordings)
        self._reconciled = True

    def _sight(self, name: str, signature: Signature) -> None:
        if name not in self._working and not self._is_known(name, signature):
            self._settling.sight(name, signature)

    def _is_known(self, name: str, signature: Signature) -> bool:
        entry = self._ledger.get(name)
        if entry is None or entry.signature != signature:
            return False
        return entry.stage is not Stage.UNREADABLE or not readable(self._root / to_path(name))

    async def _settle(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            for name, now in await asyncio.to_thread(self._looked_at, self._settling.due()):
                self._take(name, now)
            await self._look_at_young_folders()
            await stopped_within(stop, min(0.25, self._folder.quiet_seconds / 4))

    def _looked_at(self, names: list[str]) -> list[tuple[str, Signature | None]]:
        return [(name, signature_of(self._root / to_path(name))) for name in names]

    def _take(self, name: str, now: Signature | None) -> None:
        if self._settling.take(name, now) and now is not None:
            self._working.add(name)
            self._queue.put_nowait((name, now))
        elif now is None:
            self._admission.gone(self.name, name)

    async def _look_at_young_folders(self) -> None:
        due = time.monotonic() - self._folder.quiet_seconds
        for path in [path for path, since in self._young.items() if since <= due]:
            try:
                await self._sight_all(self._scan.at(str(path.relative_to(self._root))))
            except Unavailable as exc:
                self._trouble(COMPARING, exc)
            del self._young[path]

    async def _work(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                name, signature = await asyncio.wait_for(self._queue.get(), 1)
            except TimeoutError:
                continue
            await self._admission.wait(stop)
            if not stop.is_set():
                await self._take_in(name, signature)
            self._working.discard(name)

    async def _take_in(self, name: str, signature: Signature) -> None:
        try:
            await self._ingest_and_answer(name, signature)
        except ObjectChanged as exc:
            log.info("file_not_still", name=name, detail=str(exc))
            await self._look_again(name)
        except FolderFull as exc:
            self._trouble(TAKING_IN, exc)
            await self._look_again(name)
        except Unavailable as exc:
            self._admission.failed(self.name, name, str(exc))
            await self._look_again(name)
        except Ai2TextError:
            log.exception("ingestion_failed", name=name)  # the next reconciliation tries it again
        else:
            self._admission.succeeded()
            self._well(TAKING_IN)

    async def _ingest_and_answer(self, name: str, signature: Signature) -> None:
        """A recording that was transcribed before has its sidecars at once, for nobody will announce it again.

        What people corrected of it is written later, by a comparison, when it cannot be had now.
        """
        job = await self._ingest.ingest_recording(name, signature)
        if job is not None:
            with suppress(ObjectNotFound, ServiceUnavailable):
                await self._sidecars.write_sidecars(job.recording_id, job.outcome_key)

    async def _look_again(self, name: str) -> None:
        now = await asyncio.to_thread(signature_of, self._root / to_path(name))
        if now:
            self._settling.begin_anew(name, now)
        else:
            self._admission.gone(self.name, name)

    def _trouble(self, what: str, exc: Unavailable) -> None:
        """Said once, until that is well again."""
        if what not in self._troubles:
            event = "folder_away" if isinstance(exc, FolderAway) else "folder_waits"
            log.warning(event, folder=self.name, error=str(exc))
        self._troubles[what] = str(exc)

    def _well(self, what: str) -> None:
        if self._troubles.pop(what, None):
            log.info("folder_back", folder=self.name)


def _some(rest: Iterable[T], most: int) -> list[T]:
    return list(islice(rest, most))
