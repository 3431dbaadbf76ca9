"""What a folder holds of an erased recording goes: our sidecars, the file itself, and what the ledger knows of it.

Only what still is what we wrote, or took in: whatever somebody else has put there, or edited, is left.
"""

import asyncio

import structlog

from ai2text.ingestion.compare_folder import DEVICE
from ai2text.ingestion.dispose import Dispose
from ai2text.ingestion.file_system import identity_of, is_forbidden
from ai2text.ingestion.ledger import Entry, Ledger, Stage
from ai2text.ingestion.scan import FolderAway, Scan
from ai2text.ingestion.sidecars import FolderFull, Sidecars

log = structlog.get_logger()


class EraseFiles:
    """Every call may be repeated, after a crash at any point too."""

    def __init__(self, scan: Scan, ledger: Ledger, sidecars: Sidecars, dispose: Dispose) -> None:
        self._root = scan.root
        self._ledger = ledger
        self._sidecars = sidecars
        self._dispose = dispose

    async def erase_files(self, recording_id: str, next_life: int) -> None:
        """Of earlier lives than that. Raises Unavailable, FolderAway among it."""
        await asyncio.to_thread(self._erase_all, recording_id, next_life)

    def _erase_all(self, recording_id: str, next_life: int) -> None:
        with self._dispose.lock:
            for entry in self._ledger.of_recording(recording_id):
                if entry.life < next_life:
                    self._check_mounted()
                    self._erase(entry)

    def _erase(self, entry: Entry) -> None:
        self._sidecars.erase(entry.name, entry.written, entry.intended)
        log.debug("sidecars_erased", recording_id=entry.recording_id)
        self._erase_source(entry)
        log.debug("source_erased", recording_id=entry.recording_id)
        for name in filter(None, (entry.name, entry.target)):
            self._ledger.forget(name)
            if self._dispose.is_at(name, entry.signature):  # it could not be deleted, and is left alone from now on
                self._ledger.put(Entry(name=name, signature=entry.signature, stage=Stage.REFUSED))
        log.info("file_erased", recording_id=entry.recording_id)

    def _erase_source(self, entry: Entry) -> None:
        try:
            self._dispose.erase(entry)
        except OSError as exc:
            if not is_forbidden(exc):
                raise FolderFull(f"{self._root} lets nothing be deleted: {exc.strerror}") from exc
            log.warning(
                "source_not_erased", recording_id=entry.recording_id, folder=str(self._root), error=exc.strerror
            )

    def _check_mounted(self) -> None:
        """Where nothing is mounted at present nothing can be deleted, and nothing is forgotten."""
        identity, device = identity_of(self._root), self._ledger.remembered(DEVICE)
        if identity is None or device not in {None, str(identity.device)}:
            raise FolderAway(f"{self._root} is missing, or not the folder that it was.")
