"""What people see of a recording appears beside every file of it."""

import asyncio
from dataclasses import replace
from functools import partial

import structlog

from ai2text.common.contracts.outcome import Cancellation, Failure, Transcript
from ai2text.common.contracts.states import Task
from ai2text.ingestion.corrected import Corrected, Shown, revision_of
from ai2text.ingestion.dispose import Dispose
from ai2text.ingestion.ledger import WAITING, Entry, Ledger, Stage
from ai2text.ingestion.read_shown_text import ReadShownText
from ai2text.ingestion.recording import reason_of
from ai2text.ingestion.sidecars import Sidecars

log = structlog.get_logger()


class WriteSidecars:
    """Every call may be repeated; what is written already is left alone, and nothing older replaces it."""

    def __init__(self, ledger: Ledger, texts: ReadShownText, sidecars: Sidecars, dispose: Dispose) -> None:
        self._ledger = ledger
        self._texts = texts
        self._sidecars = sidecars
        self._dispose = dispose

    async def write_sidecars(self, recording_id: str, outcome_key: str | None) -> None:
        """For all files of the recording in this folder. Raises Unavailable, ObjectNotFound, Poison."""
        entries = await asyncio.to_thread(self._ledger.of_recording, recording_id)
        for life, entry in {entry.life: entry for entry in entries}.items():
            shown = await self._texts.read_shown_text(entry, outcome_key)
            if shown is not None:
                await asyncio.to_thread(self._write_all, recording_id, life, shown)

    async def repair(self, entry: Entry) -> bool:
        """Whether there is something to be written: the outcome of the file's own job, or what people corrected.

        False too for a corrected text that cannot be had now: the next comparison asks for it again.
        """
        shown = await self._texts.read_what_there_is(entry, entry.outcome_key)
        if shown is not None:
            await asyncio.to_thread(self._write_again, entry.name, shown)
        return shown is not None

    def _write_all(self, recording_id: str, life: int, shown: Shown) -> None:
        with self._dispose.lock:
            for entry in self._ledger.of_recording(recording_id):
                # else its own announcement is still to come, and this after it
                if entry.life == life and entry.stage is not Stage.STORED:
                    self._write(entry, shown)

    def _write_again(self, name: str, shown: Shown) -> None:
        with self._dispose.lock:
            entry = self._ledger.get(name)
            if entry is not None:
                self._write(entry, shown)

    def _write(self, entry: Entry, shown: Shown) -> None:
        entry = self._dispose.dispose(entry)
        if revision_of(shown) < entry.revision:
            log.info("older_text_not_written", name=entry.name, recording_id=entry.recording_id)
            return
        try:
            settled = self._written(entry, shown)
        except FileNotFoundError:  # the folder around it has gone, and the recording with it
            log.info("sidecars_skipped", name=entry.name)
            self._ledger.forget(entry.name)
            return
        self._ledger.put(settled)
        log.info("sidecars_written", name=entry.name, recording_id=entry.recording_id, kind=shown.kind)

    def _written(self, entry: Entry, shown: Shown) -> Entry:
        match shown:
            case Corrected() | Transcript(task=Task.TRANSCRIBE):
                intend = partial(self._intend, entry)
                written = self._sidecars.write_transcript(entry.name, shown, entry.written, intend)
                log.debug("sidecars_placed", recording_id=entry.recording_id)
                return replace(entry, stage=Stage.DONE, written=written, revision=revision_of(shown), intended=())
            case Failure() if entry.stage is not Stage.DONE:
                written = self._sidecars.write_reason(entry.name, reason_of(shown), entry.written)
                return replace(entry, stage=Stage.FAILED, written=written)
            case Cancellation() if entry.stage in WAITING:
                return replace(entry, stage=Stage.CANCELLED)
        return entry

    def _intend(self, entry: Entry, digests: tuple[str, ...]) -> None:
        """Known before it stands there, so that it can be told from what others write, whoever dies meanwhile."""
        self._ledger.put(replace(entry, intended=tuple(sorted({*entry.intended, *digests}))))
