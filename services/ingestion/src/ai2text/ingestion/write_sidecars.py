"""An outcome that stands in the object store appears beside every file of the recording."""

import asyncio
from dataclasses import replace

import structlog

from ai2text.common.contracts.codec import decode_outcome
from ai2text.common.contracts.outcome import Cancellation, Failure, Outcome, Transcript
from ai2text.common.contracts.states import Task
from ai2text.common.errors import ObjectNotFound
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion.dispose import Dispose
from ai2text.ingestion.ledger import WAITING, Entry, Ledger, Stage
from ai2text.ingestion.recording import reason_of
from ai2text.ingestion.sidecars import Sidecars

log = structlog.get_logger()


class WriteSidecars:
    """Every call may be repeated; what is written already is left alone."""

    def __init__(self, store: ObjectStore, ledger: Ledger, sidecars: Sidecars, dispose: Dispose) -> None:
        self._store = store
        self._ledger = ledger
        self._sidecars = sidecars
        self._dispose = dispose

    async def write_sidecars(self, recording_id: str, outcome_key: str) -> None:
        """For all files of the recording in this folder. Raises Unavailable, ObjectNotFound, Poison."""
        if await asyncio.to_thread(self._ledger.of_recording, recording_id):
            outcome = decode_outcome(await asyncio.to_thread(self._store.get, outcome_key))
            await asyncio.to_thread(self._write_all, recording_id, outcome)

    async def repair(self, entry: Entry) -> bool:
        """Whether the outcome of the file's own job stands, and with it the sidecars."""
        try:
            content = await asyncio.to_thread(self._store.get, str(entry.outcome_key))
        except ObjectNotFound:
            return False
        await asyncio.to_thread(self._write_again, entry.name, decode_outcome(content))
        return True

    def _write_all(self, recording_id: str, outcome: Outcome) -> None:
        with self._dispose.lock:
            for entry in self._ledger.of_recording(recording_id):
                if entry.stage is not Stage.STORED:  # else its own announcement is still to come, and this after it
                    self._write(entry, outcome)

    def _write_again(self, name: str, outcome: Outcome) -> None:
        with self._dispose.lock:
            entry = self._ledger.get(name)
            if entry is not None:
                self._write(entry, outcome)

    def _write(self, entry: Entry, outcome: Outcome) -> None:
        entry = self._dispose.dispose(entry)
        try:
            settled = self._written(entry, outcome)
        except FileNotFoundError:  # the folder around it has gone, and the recording with it
            log.info("sidecars_skipped", name=entry.name)
            self._ledger.forget(entry.name)
            return
        self._ledger.put(settled)
        log.info("sidecars_written", name=entry.name, recording_id=entry.recording_id, kind=outcome.kind)

    def _written(self, entry: Entry, outcome: Outcome) -> Entry:
        match outcome:
            case Transcript() if outcome.task is Task.TRANSCRIBE:
                written = self._sidecars.write_transcript(entry.name, outcome, entry.written)
                return replace(entry, stage=Stage.DONE, written=written)
            case Failure() if entry.stage is not Stage.DONE:
                written = self._sidecars.write_reason(entry.name, reason_of(outcome), entry.written)
                return replace(entry, stage=Stage.FAILED, written=written)
            case Cancellation() if entry.stage in WAITING:
                return replace(entry, stage=Stage.CANCELLED)
        return entry
