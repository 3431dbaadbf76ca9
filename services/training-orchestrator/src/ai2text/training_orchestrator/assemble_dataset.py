"""A claimed version becomes files, and one outcome object that makes all of them visible at once."""

import asyncio
from contextlib import aclosing, closing
from dataclasses import dataclass

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.datasets import (
    DatasetAssembled,
    DatasetShardRequested,
    TranscribedRecording,
)
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.errors import Poison, Refused
from ai2text.common.jetstream import Broker
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.catalogue import Catalogue
from ai2text.training_orchestrator.choose_rows import ChosenRows
from ai2text.training_orchestrator.compare_rows import compare_rows
from ai2text.training_orchestrator.dataset import Claim, VersionOutcome
from ai2text.training_orchestrator.erasures import Erasures, Tombstones
from ai2text.training_orchestrator.row_table import RowTable
from ai2text.training_orchestrator.tally import Tally
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.versions import Versions
from ai2text.training_orchestrator.write_version import write_audio_listing, write_references, write_version

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AssembleDataset:
    """The use case with what it needs."""

    versions: Versions
    files: VersionFiles
    erasures: Erasures
    catalogue: Catalogue
    broker: Broker
    clock: Clock

    async def assemble_dataset(self, work: DatasetShardRequested) -> None:
        """Returns when the version's outcome stands and is announced; a repetition only announces it again."""
        claim = await asyncio.to_thread(self.versions.find_claim, work.tenant, work.name, work.version)
        if claim is None:
            raise Poison("unknown_version", f"Nobody has claimed version {work.version} of {work.name}.")
        outcome = await asyncio.to_thread(self.versions.find_outcome, work.tenant, work.name, work.version)
        if outcome is None:
            outcome = await asyncio.to_thread(self.versions.end, claim, await self._made(claim))
            log.info("dataset_ended", name=work.name, version=work.version, status=outcome.status)
        await asyncio.to_thread(self.files.erase_leftovers, work.tenant, work.name, work.version)
        await self._announce(claim, outcome)
        await asyncio.to_thread(self.versions.unmark, work.tenant, work.name, work.version)

    async def give_up(self, work: DatasetShardRequested, reason: Reason) -> None:
        """Before the work is dead-lettered its version gets an end, so that nobody waits for it for ever."""
        claim = await asyncio.to_thread(self.versions.find_claim, work.tenant, work.name, work.version)
        if claim:
            await asyncio.to_thread(self.versions.end, claim, self._failed(reason))
            await asyncio.to_thread(self.files.erase_leftovers, work.tenant, work.name, work.version)
            await asyncio.to_thread(self.versions.unmark, work.tenant, work.name, work.version)

    async def _made(self, claim: Claim) -> VersionOutcome:
        try:
            return await self._write_files(claim)
        except Refused as exc:
            return self._failed(Reason(code=exc.code, detail=exc.detail))

    def _failed(self, reason: Reason) -> VersionOutcome:
        return VersionOutcome(status=DatasetStatus.FAILED, error=reason, ended_at=self.clock())

    async def _write_files(self, claim: Claim) -> VersionOutcome:
        """Begun anew when a recording that is in them was erased meanwhile."""
        while True:
            tombstones = await asyncio.to_thread(self.erasures.tombstones, claim.tenant)
            outcome = await self._write_files_once(claim, tombstones)
            if outcome:
                return outcome
            log.info("dataset_begun_anew", name=claim.definition.name, version=claim.version)

    async def _write_files_once(self, claim: Claim, tombstones: Tombstones) -> VersionOutcome | None:
        """Everything is made from the rows of one snapshot; the audio lies in the store already, under its hash.

        None when what they hold is not all there any more: `tombstones` are those of a moment before.
        """
        tally = Tally()
        with closing(RowTable()) as table:
            await self._fill(table, claim, tombstones, tally)
            report = await asyncio.to_thread(compare_rows, claim.definition, table, tally)
            files = await asyncio.to_thread(write_version, self.files, claim, table, report.splits)
            audio = await asyncio.to_thread(write_audio_listing, self.files, claim, table)
            references_key = await asyncio.to_thread(write_references, self.files, claim, table)
            log.debug("dataset_files_stored", rows=report.rows)
            if await asyncio.to_thread(self._erased_meanwhile, claim.tenant, tombstones, table):
                return None
        return VersionOutcome(
            status=DatasetStatus.PUBLISHED,
            files=files,
            audio=audio,
            references_key=references_key,
            report=report,
            ended_at=self.clock(),
        )

    async def _fill(self, table: RowTable, claim: Claim, tombstones: Tombstones, tally: Tally) -> None:
        rows = ChosenRows(claim.definition, tally)
        request_id = f"{claim.definition.name}@{claim.version}"
        async with aclosing(self.catalogue.transcribed(claim.tenant, request_id)) as recordings:
            async for recording in recordings:
                if recording.recording_id not in tombstones or not await self._is_erased(claim, recording):
                    await asyncio.to_thread(_add, table, rows, recording)

    async def _is_erased(self, claim: Claim, recording: TranscribedRecording) -> bool:
        """The catalogue still has it for a moment after its tombstone is written."""
        return await asyncio.to_thread(self.erasures.is_erased, claim.tenant, recording.recording_id, recording.life)

    def _erased_meanwhile(self, tenant: str, before: Tombstones, table: RowTable) -> bool:
        """Blocking."""
        now = self.erasures.tombstones(tenant).items()
        return any(before.get(recording_id) != etag and table.has_rows_of(recording_id) for recording_id, etag in now)

    async def _announce(self, claim: Claim, outcome: VersionOutcome) -> None:
        if outcome.report is None:
            return
        name, version = claim.definition.name, claim.version
        assembled = DatasetAssembled(
            tenant=claim.tenant,
            name=name,
            version=version,
            version_key=dataset.outcome_key(claim.tenant, name, version),
            references_key=outcome.references_key,
            rows=outcome.report.rows,
            duration_seconds=outcome.report.duration_seconds,
            assembled_at=outcome.ended_at,
        )
        await asyncio.to_thread(self.versions.remember, assembled)
        await self.broker.publish(assembled)
        log.debug("dataset_announced", name=name, version=version)


def _add(table: RowTable, rows: ChosenRows, recording: TranscribedRecording) -> None:
    """Blocking."""
    table.add(recording, rows.of(recording))
