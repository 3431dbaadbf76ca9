"""The folder against the ledger, both ways, and what is missing between the ledger and the store."""

import asyncio
import os
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from ai2text.ingestion.compare_folder import CompareFolder
from ai2text.ingestion.comparison import Comparison
from ai2text.ingestion.dispose import Dispose
from ai2text.ingestion.ingest_recording import IngestRecording
from ai2text.ingestion.ledger import WAITING, Entry, Ledger, Stage
from ai2text.ingestion.names import to_path
from ai2text.ingestion.recording import Signature
from ai2text.ingestion.scan import Scan
from ai2text.ingestion.stable_file import signature_of
from ai2text.ingestion.write_sidecars import WriteSidecars

log = structlog.get_logger()

REPAIRS_AT_ONCE = 200
BATCH = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileFolder:
    """The use case with what it needs."""

    ledger: Ledger
    scan: Scan
    ingest: IngestRecording
    sidecars: WriteSidecars
    dispose: Dispose
    sight: Callable[[str, Signature], None]
    """Told of each file that is not known as it is."""
    working: Collection[str]
    """Files that are being taken in at this moment; they are left alone."""

    async def reconcile(self) -> int:
        """Returns how many recordings lie there. Raises Unavailable, FolderAway among it."""
        async with CompareFolder(self.ledger, self.scan).compared() as found:
            await self._tell(found)
            for name in await _each(found.gone):
                await asyncio.to_thread(self._forget, name)
            for name in await _each(found.without_sidecar):
                await self._restore(name)
            recordings = found.recordings
        for entry in await asyncio.to_thread(self.ledger.to_dispose_of, REPAIRS_AT_ONCE):
            if entry.name not in self.working:
                await asyncio.to_thread(self.dispose.dispose, entry)
        for entry in await asyncio.to_thread(self.ledger.waiting, REPAIRS_AT_ONCE):
            await self._help_on(entry.name)
        return recordings

    async def _tell(self, found: Comparison) -> None:
        for number, (name, signature) in enumerate(await _each(found.unknown)):
            self.sight(name, signature)
            if number % BATCH == 0:
                await asyncio.sleep(0)

    def _forget(self, name: str) -> None:
        """Unless it came after the folder was listed, or cannot be seen at present."""
        path = to_path(name)
        if name in self.working or self.scan.missed(path) or signature_of(self.scan.root / path) is not None:
            return
        self.ledger.forget(name)

    async def _restore(self, name: str) -> None:
        """A file that we wrote has gone: written again from the store; a refusal is decided again."""
        entry = await asyncio.to_thread(self.ledger.get, name)
        if entry is None or name in self.working or self.scan.missed(to_path(name)):
            return
        if await asyncio.to_thread(self._has_all_beside, entry):
            return  # written after the folder was listed
        log.info("sidecar_missing", name=name)
        if entry.stage in {Stage.REFUSED, Stage.UNREADABLE}:
            self.ledger.forget(name)
            self.sight(name, entry.signature)
        else:
            await self.sidecars.repair(entry)

    def _has_all_beside(self, entry: Entry) -> bool:
        return all(os.path.lexists(self.scan.root / to_path(written)) for written in entry.written)

    async def _help_on(self, name: str) -> None:
        """What a crash, or a lost message, left between two steps; as the file is by now."""
        entry = await asyncio.to_thread(self.ledger.get, name)
        if entry is None or name in self.working or entry.stage not in WAITING:
            return
        if entry.stage is Stage.STORED:
            await self.ingest.announce_again(entry)
        await self.sidecars.repair(entry)


async def _each(question: Callable[[], Iterable[T]]) -> list[T]:
    return await asyncio.to_thread(lambda: list(question()))
