"""An outcome that stands in the object store appears beside every object of the recording in a watched bucket."""

import asyncio

import structlog

from ai2text.common.contracts.codec import decode_outcome
from ai2text.common.contracts.outcome import Cancellation, Failure, Outcome, Transcript
from ai2text.common.contracts.states import Task
from ai2text.common.errors import ObjectNotFound
from ai2text.common.object_store import ObjectStore
from ai2text.ingestion.bucket_ledger import BucketLedger, ObjectEntry
from ai2text.ingestion.ledger import WAITING, Stage
from ai2text.ingestion.object_sidecars import ObjectSidecars
from ai2text.ingestion.recording import reason_of

log = structlog.get_logger()


class WriteObjectSidecars:
    """Every call may be repeated; what is written already is left alone."""

    def __init__(self, store: ObjectStore, ledger: BucketLedger, sidecars: ObjectSidecars) -> None:
        self._store = store
        self._ledger = ledger
        self._sidecars = sidecars

    async def write_object_sidecars(self, recording_id: str, outcome_key: str) -> None:
        """Raises StoreUnavailable, ObjectNotFound, Poison."""
        entries = await asyncio.to_thread(self._ledger.of_recording, recording_id)
        if entries:
            outcome = decode_outcome(await asyncio.to_thread(self._store.get, outcome_key))
            for entry in entries:
                await asyncio.to_thread(self._write, entry, outcome)

    async def repair(self, entry: ObjectEntry) -> bool:
        """Whether the outcome of the object's own job stands, and with it the sidecars."""
        try:
            content = await asyncio.to_thread(self._store.get, str(entry.outcome_key))
        except ObjectNotFound:
            return False
        await asyncio.to_thread(self._write, entry, decode_outcome(content))
        return True

    def _write(self, entry: ObjectEntry, outcome: Outcome) -> None:
        key = entry.placed or entry.key
        match outcome:
            case Transcript() if outcome.task is Task.TRANSCRIBE:
                written = self._sidecars.write_transcript(key, outcome, entry.written)
                self._ledger.settle(entry, Stage.DONE, written)
            case Failure() if entry.stage is not Stage.DONE:
                written = self._sidecars.write_reason(key, reason_of(outcome), entry.written)
                self._ledger.settle(entry, Stage.FAILED, written)
            case Cancellation() if entry.stage in WAITING:
                self._ledger.settle(entry, Stage.CANCELLED, entry.written)
        log.info("object_sidecars_written", key=key, recording_id=entry.recording_id, kind=outcome.kind)
