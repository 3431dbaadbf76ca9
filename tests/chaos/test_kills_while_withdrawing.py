"""The training-orchestrator dies between withdrawing a version and erasing its files."""

import asyncio
import io
from pathlib import Path

import pytest

from ai2text.common.contracts.definition import Definition
from ai2text.common.contracts.erasure import DatasetVersion, RecordingErased
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.jetstream import connect
from ai2text.training_orchestrator.dataset import Claim, DatasetFile, VersionOutcome
from ai2text.training_orchestrator.hashed_file import HashedFile
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.versions import Versions
from tests.fixtures.examples import NOW
from tests.fixtures.inside import KEY
from tests.fixtures.service_process import Servers, ServiceProcess

CLAIM = Claim(tenant="default", definition=Definition(name="speech"), version=0, requested_by="cli", created_at=NOW)
ERASED = RecordingErased(
    tenant="default",
    recording_id="0c5cf5a4-6e53-5a3a-9a3f-6f0f9e6f6a01",
    next_life=1,
    datasets=(DatasetVersion(name="speech", version=1), DatasetVersion(name="speech", version=2)),
    erased_at=NOW,
)


def publish_version(service: ServiceProcess) -> None:
    versions = Versions(service.store)
    claim = versions.claim(CLAIM)
    written = HashedFile(io.BytesIO())
    written.write(b"text of the recording\n")
    key = VersionFiles(service.store, versions).put(claim, written)
    file = DatasetFile(path="train_manifest.json", sha256=written.sha256, bytes=written.size_bytes, key=key)
    versions.end(claim, VersionOutcome(status=DatasetStatus.PUBLISHED, files=(file,), ended_at=NOW))
    versions.unmark("default", "speech", claim.version)


@pytest.mark.slow
@pytest.mark.lesson("L24")
def test_killed_after_the_mark_and_after_the_deletion_it_withdraws_each_version_all_the_same(
    servers: Servers, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    for folder in (marks, tmp_path / "inbox"):
        folder.mkdir()
    points = ["dataset_withdrawn", "dataset_files_erased"]
    env = {
        "AI2TEXT_CALLER_KEY": KEY,
        "AI2TEXT_FOLDER_PATH": str(tmp_path / "inbox"),
        "AI2TEXT_ORCHESTRATOR_PORT": "0",
        "AI2TEXT_LOG_KILL_AT": f"{','.join(points)}@{marks}",
        "AI2TEXT_NATS_ACK_WAIT_SECONDS": "2",
        "AI2TEXT_NATS_HEARTBEAT_SECONDS": "0.5",
    }
    with ServiceProcess("training_orchestrator", tmp_path, servers, env) as service:
        for _ in range(3):
            publish_version(service)
        asyncio.run(tell(servers))
        service.until(lambda: len(list(service.store.list("default/dataset-files/"))) == 1, revive=True)
        assert sorted(path.name for path in marks.iterdir()) == sorted(points)
        service.until(lambda: service.readyz() == 200, revive=True)
        versions = Versions(service.store)
        found = [versions.find_withdrawal("default", "speech", number) is not None for number in (1, 2, 3)]
        assert found == [True, True, False]


async def tell(servers: Servers) -> None:
    async with connect(servers.nats, "test") as broker:
        await broker.publish(ERASED)
