"""What people see of a recording appears beside every object of it in a watched bucket."""

import asyncio
from functools import partial

import structlog

from ai2text.common.contracts.outcome import Cancellation, Failure, Transcript
from ai2text.common.contracts.states import Task
from ai2text.ingestion.bucket_ledger import BucketLedger, ObjectEntry
from ai2text.ingestion.corrected import Corrected, Shown, revision_of
from ai2text.ingestion.ledger import WAITING, Stage
from ai2text.ingestion.object_sidecars import ObjectSidecars
from ai2text.ingestion.read_shown_text import ReadShownText
from ai2text.ingestion.recording import reason_of

log = structlog.get_logger()


class WriteObjectSidecars:
    """Every call may be repeated; what is written already is left alone, and nothing older replaces it."""

    def __init__(self, ledger: BucketLedger, texts: ReadShownText, sidecars: ObjectSidecars) -> None:
        self._ledger = ledger
        self._texts = texts
        self._sidecars = sidecars

    async def write_object_sidecars(self, recording_id: str, outcome_key: str | None) -> None:
        """Raises Unavailable, ObjectNotFound, Poison."""
        for entry in await asyncio.to_thread(self._ledger.of_recording, recording_id):
            shown = await self._texts.read_shown_text(entry, outcome_key)
            if shown is not None:
                await asyncio.to_thread(self._write, entry, shown)

    async def repair(self, entry: ObjectEntry) -> bool:
        """Whether there is something to be written: the outcome of the object's own job, or what people corrected.

        False too for a corrected text that cannot be had now: the next listing asks for it again.
        """
        shown = await self._texts.read_what_there_is(entry, entry.outcome_key)
        if shown is not None:
            await asyncio.to_thread(self._write, entry, shown)
        return shown is not None

    def _write(self, known: ObjectEntry, shown: Shown) -> None:
        """As the object is known by now: a text takes its time to arrive."""
        with self._sidecars.lock:
            entry = self._ledger.get(known.key)
            if entry is None or (entry.recording_id, entry.life) != (known.recording_id, known.life):
                return
            if revision_of(shown) < entry.revision:
                log.info("older_text_not_written", key=entry.key, recording_id=entry.recording_id)
                return
            self._settle(entry, shown)

    def _settle(self, entry: ObjectEntry, shown: Shown) -> None:
        key = entry.placed or entry.key
        match shown:
            case Corrected() | Transcript(task=Task.TRANSCRIBE):
                intend = partial(self._ledger.intend, entry)
                written = self._sidecars.write_transcript(key, shown, entry.written, intend)
                log.debug("object_sidecars_placed", recording_id=entry.recording_id)
                self._ledger.settle(entry, Stage.DONE, written, revision_of(shown))
            case Failure() if entry.stage is not Stage.DONE:
                written = self._sidecars.write_reason(key, reason_of(shown), entry.written)
                self._ledger.settle(entry, Stage.FAILED, written, entry.revision)
            case Cancellation() if entry.stage in WAITING:
                self._ledger.settle(entry, Stage.CANCELLED, entry.written, entry.revision)
        log.info("object_sidecars_written", key=key, recording_id=entry.recording_id, kind=shown.kind)
