"""A claimed version becomes files, and one outcome object that makes all of them visible at once."""

import asyncio
import hashlib
import tempfile
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.datasets import DatasetAssembled, DatasetShardRequested, TranscribedRecording
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.errors import Poison, Refused
from ai2text.common.jetstream import Broker
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.catalogue import Catalogue
from ai2text.training_orchestrator.dataset import Claim, DatasetFile, Report, VersionOutcome
from ai2text.training_orchestrator.manifest import MANIFEST, audio_path, nemo_line
from ai2text.training_orchestrator.selection import Tally, left_out_by
from ai2text.training_orchestrator.versions import Versions

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AssembleDataset:
    """The use case with what it needs."""

    versions: Versions
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
        await self._announce(claim, outcome)
        await asyncio.to_thread(self.versions.unmark, work.tenant, work.name, work.version)

    async def give_up(self, work: DatasetShardRequested, reason: Reason) -> None:
        """Before the work is dead-lettered its version gets an end, so that nobody waits for it for ever."""
        claim = await asyncio.to_thread(self.versions.find_claim, work.tenant, work.name, work.version)
        if claim:
            await asyncio.to_thread(self.versions.end, claim, self._failed(reason))
            await asyncio.to_thread(self.versions.unmark, work.tenant, work.name, work.version)

    async def _made(self, claim: Claim) -> VersionOutcome:
        try:
            files, report = await self._write_files(claim)
        except Refused as exc:
            return self._failed(Reason(code=exc.code, detail=exc.detail))
        return VersionOutcome(status=DatasetStatus.PUBLISHED, files=tuple(files), report=report, ended_at=self.clock())

    def _failed(self, reason: Reason) -> VersionOutcome:
        return VersionOutcome(status=DatasetStatus.FAILED, error=reason, ended_at=self.clock())

    async def _write_files(self, claim: Claim) -> tuple[list[DatasetFile], Report]:
        """The audio lies in the store already, under its hash; the manifest is written beside it."""
        tally, audio = Tally(), list[DatasetFile]()
        with tempfile.TemporaryFile() as manifest:
            digest, size_bytes = hashlib.sha256(), 0
            request_id = f"{claim.definition.name}@{claim.version}"
            async with aclosing(self.catalogue.transcribed(claim.tenant, request_id)) as recordings:
                async for recording in recordings:
                    rule = left_out_by(recording)
                    tally.count(recording, rule)
                    if rule is None:
                        line = nemo_line(recording)
                        manifest.write(line)
                        digest.update(line)
                        size_bytes += len(line)
                        audio.append(_audio_file(recording))
            report = tally.report()
            _check_not_empty(claim, report)
            manifest.seek(0)
            sha256 = digest.hexdigest()
            key = await asyncio.to_thread(self.versions.put_file, claim.tenant, manifest, size_bytes, sha256)
        log.debug("dataset_files_stored", rows=report.rows)
        return [DatasetFile(path=MANIFEST, sha256=sha256, bytes=size_bytes, key=key), *audio], report

    async def _announce(self, claim: Claim, outcome: VersionOutcome) -> None:
        if outcome.report is None:
            return
        name, version = claim.definition.name, claim.version
        assembled = DatasetAssembled(
            tenant=claim.tenant,
            name=name,
            version=version,
            version_key=dataset.outcome_key(claim.tenant, name, version),
            rows=outcome.report.rows,
            duration_seconds=outcome.report.duration_seconds,
            assembled_at=outcome.ended_at,
        )
        await self.broker.publish(assembled)
        log.debug("dataset_announced", name=name, version=version)


def _audio_file(recording: TranscribedRecording) -> DatasetFile:
    return DatasetFile(
        path=audio_path(recording), sha256=recording.sha256, bytes=recording.size_bytes, key=recording.audio_key
    )


def _check_not_empty(claim: Claim, report: Report) -> None:
    if not report.rows and not claim.definition.allow_empty_splits:
        raise Refused(
            "empty_split",
            "No transcribed recording was selected, so the split train would be empty: transcribe some, "
            "or allow it with allow_empty_splits.",
        )
