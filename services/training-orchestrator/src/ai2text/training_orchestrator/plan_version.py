"""A claimed version gets a plan: its rows, out of one snapshot of the catalogue, and who makes files of which."""

import asyncio
from contextlib import aclosing, closing
from dataclasses import dataclass, replace

import structlog

from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.training_orchestrator.catalogue import Catalogue
from ai2text.training_orchestrator.choose_rows import ChosenRows
from ai2text.training_orchestrator.compare_rows import compare_rows
from ai2text.training_orchestrator.dataset import Claim, ForeignReport, Report
from ai2text.training_orchestrator.erasures import Erasures, Tombstones
from ai2text.training_orchestrator.foreign_recordings import ForeignRecordings
from ai2text.training_orchestrator.foreign_report import ForeignFindings
from ai2text.training_orchestrator.groups import words_wanted_beyond
from ai2text.training_orchestrator.plan import Plan, sources_of
from ai2text.training_orchestrator.plans import Plans
from ai2text.training_orchestrator.row_table import RowTable
from ai2text.training_orchestrator.tally import Tally
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.write_plan import write_plan

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """The use case with what it needs."""

    plans: Plans
    files: VersionFiles
    erasures: Erasures
    catalogue: Catalogue
    foreign: ForeignRecordings
    bucket: str
    """For definitions that name audio where it lies."""
    shard_bytes: int

    async def plan_version(self, claim: Claim, number: int) -> Plan:
        """What stands under the number when this returns. Raises Refused when it cannot be made, Unavailable."""
        tally = Tally()
        with closing(RowTable()) as table:
            await self._fill(table, claim, tally)
            foreign = await asyncio.to_thread(self._add_foreign, table, claim, tally)
            report = await asyncio.to_thread(compare_rows, claim.definition, table, tally)
            report = replace(report, foreign=foreign)
            plan = await asyncio.to_thread(self._written, claim, number, table, report)
        log.debug("dataset_rows_stored", rows=report.rows)
        plan = await asyncio.to_thread(self.plans.keep, claim, plan)
        log.debug("dataset_planned", shards=len(plan.shards))
        return plan

    def _written(self, claim: Claim, number: int, table: RowTable, report: Report) -> Plan:
        return write_plan(self.files, claim, number, table, report, shard_bytes=self.shard_bytes)

    async def holds_erased(self, claim: Claim, plan: Plan) -> bool:
        """Whether there are rows in it of a recording that was erased, in the life that they are of."""
        return await asyncio.to_thread(self._holds_erased, claim, plan)

    def _holds_erased(self, claim: Claim, plan: Plan) -> bool:
        tombstones = self.erasures.tombstones(claim.tenant)
        sources = sources_of(self.files.blocks(plan.sources) if tombstones else ())
        return any(self.erasures.is_erased(claim.tenant, one, tombstones) for one in sources)

    async def _fill(self, table: RowTable, claim: Claim, tally: Tally) -> None:
        rows = ChosenRows(claim.definition, tally, self.bucket)
        tombstones = await asyncio.to_thread(self.erasures.tombstones, claim.tenant)
        request_id = f"{claim.definition.name}@{claim.version}"
        words = words_wanted_beyond(claim.definition)
        async with aclosing(self.catalogue.transcribed(claim.tenant, request_id, words)) as recordings:
            async for recording in recordings:
                if not await self._is_erased(claim, recording, tombstones):
                    await asyncio.to_thread(_add, table, rows, recording)

    def _add_foreign(self, table: RowTable, claim: Claim, tally: Tally) -> ForeignReport | None:
        if not claim.definition.foreign:
            return None
        rows, findings = ChosenRows(claim.definition, tally, self.bucket), ForeignFindings()
        for one in self.foreign.find(claim, findings):
            table.add(one.recording, rows.of(one.recording), one.etag)
        log.debug("foreign_recordings_measured")
        return findings.report()

    async def _is_erased(self, claim: Claim, recording: TranscribedRecording, tombstones: Tombstones) -> bool:
        """The catalogue still has it for a moment after its tombstone is written."""
        if recording.recording_id not in tombstones:
            return False  # without a thread for each of many
        return await asyncio.to_thread(self.erasures.is_erased, claim.tenant, recording, tombstones)


def _add(table: RowTable, rows: ChosenRows, recording: TranscribedRecording) -> None:
    """Blocking."""
    table.add(recording, rows.of(recording))
