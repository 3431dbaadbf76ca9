"""A recording is erased: what was made of it is withdrawn, and what is being made is made without it."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ai2text.audio.sandbox import Sandbox
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.datasets import DatasetReference, DatasetShardRequested, TranscribedRecording
from ai2text.common.contracts.definition import Definition
from ai2text.common.contracts.erasure import DatasetVersion, RecordingErased, Tombstone
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.postgres.pool import Database
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.assemble_dataset import AssembleDataset
from ai2text.training_orchestrator.catalogue import Catalogue
from ai2text.training_orchestrator.dataset import Claim, VersionOutcome, Withdrawal
from ai2text.training_orchestrator.http_api import build_app
from ai2text.training_orchestrator.withdraw_versions import WithdrawVersions
from tests.fixtures.datasets import orchestrating
from tests.fixtures.examples import NOW
from tests.fixtures.inside import KEY, ask
from tests.integration.metadata.catalogue import asked, ingest, transcribe

GONE, STAYS = asked("gone"), asked("stays")
CLAIM = Claim(tenant="default", definition=Definition(name="speech"), version=0, requested_by="cli", created_at=NOW)
TOMBSTONE = Tombstone(tenant="default", recording_id=GONE.recording_id, next_life=1, erased_at=NOW)
ERASED = RecordingErased(
    tenant="default",
    recording_id=GONE.recording_id,
    next_life=1,
    datasets=(DatasetVersion(name="speech", version=1),),
    erased_at=NOW,
)


async def fill(database: Database) -> None:
    for job in (GONE, STAYS):
        await ingest(database, job)
        await transcribe(database, job, f"Words of {job.recording_id}.")


async def build(assemble: AssembleDataset, **definition: Any) -> VersionOutcome:
    claim = assemble.versions.claim(replace(CLAIM, definition=Definition(name="speech", **definition)))
    await assemble.assemble_dataset(
        DatasetShardRequested(tenant="default", name="speech", version=claim.version, requested_at=NOW)
    )
    outcome = assemble.versions.find_outcome("default", "speech", claim.version)
    assert outcome is not None
    return outcome


def withdrawing(assemble: AssembleDataset) -> WithdrawVersions:
    return WithdrawVersions(assemble.versions, assemble.files, lambda: NOW)


def references(store: ObjectStore, outcome: VersionOutcome) -> list[str]:
    """Ids of recordings."""
    assert outcome.references_key is not None
    return [decode(DatasetReference, line).recording_id for line in store.get(outcome.references_key).splitlines()]


def erase(store: ObjectStore, tombstone: Tombstone = TOMBSTONE) -> None:
    store.put(identity.tombstone_key("default", tombstone.recording_id), encode(tombstone))


@pytest.fixture
def app(client: httpx.AsyncClient, object_store: ObjectStore, broker: Broker, sandbox: Sandbox) -> FastAPI:
    """Another replica than the one that withdraws."""
    other = orchestrating(object_store, Catalogue(client, KEY), broker, sandbox)
    return build_app(other.requests, other.rebuild, other.checks, other.requests.versions, object_store, KEY)


async def test_a_version_is_withdrawn_with_its_text_and_other_versions_stay_whole(
    assemble: AssembleDataset, database: Database, object_store: ObjectStore
) -> None:
    await fill(database)
    first, second = await build(assemble), await build(assemble)
    withdraw = withdrawing(assemble)
    for _ in range(2):
        await withdraw.withdraw_versions(ERASED)
    left = [found.key for found in object_store.list(dataset.files_prefix("default", "speech", 1))]
    assert left == [first.references_key]
    assert len(references(object_store, first)) == 2
    assert object_store.exists(second.files[0].key), "with the same bytes, and not withdrawn"
    assert assemble.versions.find_withdrawal("default", "speech", 1) == Withdrawal(withdrawn_at=NOW)
    assert assemble.versions.find_withdrawal("default", "speech", 2) is None


async def test_what_was_withdrawn_is_told_as_such_and_its_files_are_410_also_where_they_were_read_before(
    app: FastAPI, assemble: AssembleDataset, database: Database
) -> None:
    await fill(database)
    await build(assemble)
    version = "/v1/datasets/speech/versions/1"
    manifest = f"{version}/files/train_manifest.json"
    assert (await ask(app, "GET", manifest, "default")).status_code == 200
    await withdrawing(assemble).withdraw_versions(ERASED)
    answer = await ask(app, "GET", manifest, "default")
    assert (answer.status_code, answer.json()["code"]) == (410, "gone")
    assert "Version 1 of speech was withdrawn" in answer.json()["detail"]
    assert GONE.recording_id not in answer.text
    found = (await ask(app, "GET", version, "default", params={"wait": 30})).json()
    assert (found["status"], found["error"]["code"], found["files"]) == ("withdrawn", "withdrawn", [])
    assert found["report"]["rows"] == 2
    listed = (await ask(app, "GET", "/v1/datasets", "default")).json()["items"]
    assert [(item["name"], item["version"], item["status"]) for item in listed] == [("speech", 1, "withdrawn")]


async def test_a_version_that_nobody_knows_is_passed_over(assemble: AssembleDataset, object_store: ObjectStore) -> None:
    await withdrawing(assemble).withdraw_versions(ERASED)
    assert list(object_store.list("default/")) == []


async def test_work_that_comes_again_for_a_withdrawn_version_leaves_none_of_its_files(
    assemble: AssembleDataset, database: Database, object_store: ObjectStore
) -> None:
    await fill(database)
    first = await build(assemble)
    await withdrawing(assemble).withdraw_versions(ERASED)
    object_store.put(dataset.file_key("default", "speech", 1, "late"), b"by a worker that was frozen")
    await assemble.assemble_dataset(DatasetShardRequested(tenant="default", name="speech", version=1, requested_at=NOW))
    left = [found.key for found in object_store.list(dataset.files_prefix("default", "speech", 1))]
    assert left == [first.references_key]


async def test_files_of_a_worker_that_died_or_came_second_are_erased_with_the_end_of_the_version(
    assemble: AssembleDataset, database: Database, object_store: ObjectStore
) -> None:
    await fill(database)
    object_store.put(dataset.file_key("default", "speech", 1, "dead"), b"of another moment")
    outcome = await build(assemble)
    left = {found.key for found in object_store.list(dataset.files_prefix("default", "speech", 1))}
    assert len(left) == 11
    assert {outcome.references_key, outcome.sources_key, outcome.files[0].key, outcome.files[1].key} < left


async def test_what_has_a_tombstone_is_no_row_unless_it_lives_again(
    assemble: AssembleDataset, database: Database, object_store: ObjectStore
) -> None:
    await fill(database)
    erase(object_store)
    erase(object_store, Tombstone(tenant="default", recording_id=STAYS.recording_id, next_life=0, erased_at=NOW))
    assert references(object_store, await build(assemble)) == [STAYS.recording_id]


@dataclass(frozen=True, slots=True)
class ErasedMeanwhile(Catalogue):
    """The catalogue at the moment when a recording is erased: its rows have been read, and its tombstone is new."""

    catalogue: Catalogue
    store: ObjectStore

    async def transcribed(
        self, tenant: str, request_id: str, words_longer_than: float | None = None
    ) -> AsyncGenerator[TranscribedRecording, None]:
        async for recording in self.catalogue.transcribed(tenant, request_id, words_longer_than):
            yield recording
        erase(self.store)


async def test_a_recording_that_is_erased_during_a_build_is_not_in_the_version_and_nothing_of_it_is_left(
    client: httpx.AsyncClient, database: Database, object_store: ObjectStore, broker: Broker, sandbox: Sandbox
) -> None:
    await fill(database)
    catalogue = ErasedMeanwhile(Catalogue(client, KEY), object_store)
    assemble = orchestrating(object_store, catalogue, broker, sandbox).assemble
    outcome = await build(assemble)
    assert (outcome.status, references(object_store, outcome)) == (DatasetStatus.PUBLISHED, [STAYS.recording_id])
    stored = list(object_store.list(dataset.files_prefix("default", "speech", 1)))
    assert len(stored) == 11
    assert all(GONE.recording_id.encode() not in object_store.get(found.key) for found in stored)
