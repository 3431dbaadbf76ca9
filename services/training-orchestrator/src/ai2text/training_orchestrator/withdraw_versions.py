"""A recording was erased: the versions that hold it are withdrawn, and their files erased."""

import asyncio
from dataclasses import dataclass

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.erasure import DatasetVersion, RecordingErased
from ai2text.training_orchestrator.dataset import Withdrawal
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.versions import Versions

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WithdrawVersions:
    """The use case with what it needs."""

    versions: Versions
    files: VersionFiles
    clock: Clock

    async def withdraw_versions(self, event: RecordingErased) -> None:
        """Marked first, so that nobody reads from it what is being erased; may be repeated."""
        for used in event.datasets:
            await self._withdraw(event.tenant, used)

    async def _withdraw(self, tenant: str, used: DatasetVersion) -> None:
        name, version = used.name, used.version
        if await asyncio.to_thread(self.versions.find_claim, tenant, name, version) is None:
            log.warning("withdrawn_version_unknown", tenant=tenant, name=name, version=version)
            return
        mark = Withdrawal(withdrawn_at=self.clock())
        await asyncio.to_thread(self.versions.withdraw, tenant, name, version, mark)
        log.info("dataset_withdrawn", tenant=tenant, name=name, version=version)
        await asyncio.to_thread(self.files.erase_leftovers, tenant, name, version)
        log.info("dataset_files_erased", tenant=tenant, name=name, version=version)
