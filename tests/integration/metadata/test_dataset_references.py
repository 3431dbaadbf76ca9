"""Which recordings a published dataset was made from is known to the catalogue, and known again when it was lost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI

from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common import subjects
from ai2text.common.caller_token import authenticated
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.datasets import DatasetAssembled, DatasetReference, DatasetShardRequested
from ai2text.common.contracts.definition import Definition
from ai2text.common.errors import ObjectNotFound, Poison
from ai2text.common.http_server import listen, serve_http
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.datasets import find_uses
from ai2text.metadata.persist_dataset import persist_dataset
from ai2text.metadata.persist_reports import PersistReports
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.reconcile_bucket import ReconcileBucket
from ai2text.metadata.routes.snapshot import snapshot_router
from ai2text.training_orchestrator.assemble_dataset import AssembleDataset
from ai2text.training_orchestrator.catalogue import Catalogue, metadata_client
from ai2text.training_orchestrator.dataset import Claim
from ai2text.training_orchestrator.settings import OrchestratorSettings
from tests.fixtures.datasets import orchestrating
from tests.fixtures.examples import EVENTS, NOW
from tests.fixtures.inside import KEY
from tests.integration.metadata.catalogue import asked, ingest, rows, transcribe

CLAIM = Claim(tenant="default", definition=Definition(name="speech"), version=0, requested_by="cli", created_at=NOW)
USED, UNUSED = asked("used"), asked("no text")


def _assembled() -> DatasetAssembled:
    event = EVENTS["dataset.assembled.v1"]
    assert isinstance(event, DatasetAssembled)
    return event


ASSEMBLED = _assembled()


@pytest.fixture
async def assemble(database: Database, object_store: ObjectStore, broker: Broker) -> AsyncIterator[AssembleDataset]:
    """On the real catalogue, over HTTP."""
    app = FastAPI()
    app.include_router(snapshot_router(database, authenticated(KEY)))
    stop, listener = asyncio.Event(), listen("127.0.0.1", 0)
    serving = asyncio.create_task(serve_http(app, listener, stop))
    settings = OrchestratorSettings(metadata_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    async with metadata_client(settings) as client:
        with Sandbox(SandboxSettings(children=1)) as sandbox:
            yield orchestrating(object_store, Catalogue(client, KEY), broker, sandbox).assemble
    stop.set()
    await serving


async def published(assemble: AssembleDataset, broker: Broker, version: int = 1) -> DatasetAssembled:
    """A version of what is transcribed, as it was announced."""
    claim = assemble.versions.claim(CLAIM)
    assert claim.version == version
    await assemble.assemble_dataset(
        DatasetShardRequested(tenant="default", name="speech", version=version, requested_at=NOW)
    )
    message = await broker.jetstream.get_last_msg(subjects.EVENTS, subjects.DATASET_ASSEMBLED)
    return decode(DatasetAssembled, message.data or b"")


async def fill(database: Database) -> None:
    await ingest(database, USED)
    await transcribe(database, USED, "words")
    await ingest(database, UNUSED)
    await transcribe(database, UNUSED, "")


async def uses(database: Database, recording_id: str) -> list[dict[str, Any]] | None:
    async with database.reading("default") as connection:
        return await find_uses(connection, "default", recording_id)


async def test_a_recording_knows_the_versions_that_use_it_and_with_which_transcript(
    database: Database, object_store: ObjectStore, assemble: AssembleDataset, broker: Broker
) -> None:
    await fill(database)
    for version in (1, 2):
        event = await published(assemble, broker, version)
        for _ in range(2):
            await persist_dataset(database, object_store, event)
    own = {"name": "speech", "revision": 1, "job_id": USED.job_id}
    assert await uses(database, USED.recording_id) == [{**own, "version": 1}, {**own, "version": 2}]
    assert await uses(database, UNUSED.recording_id) == [], "a recording without text is in no version"
    assert await uses(database, asked("unknown").recording_id) is None
    (first, second) = await rows(database, "SELECT * FROM dataset_versions ORDER BY version")
    assert (first["rows"], second["rows"], first["tenant"]) == (1, 1, "default")


async def test_a_version_may_be_heard_of_before_its_recordings(database: Database, object_store: ObjectStore) -> None:
    reference = DatasetReference(recording_id=USED.recording_id, revision=1, job_id=USED.job_id)
    object_store.put("default/references", encode(reference) + b"\n")
    event = replace(ASSEMBLED, references_key="default/references")
    await persist_dataset(database, object_store, event)
    await ingest(database, USED)
    found = await uses(database, USED.recording_id)
    assert found is not None
    assert [(use["name"], use["version"]) for use in found] == [("broadcast", 3)]


async def test_many_references_are_read_in_blocks_and_all_of_them_kept(
    database: Database, object_store: ObjectStore
) -> None:
    references = [DatasetReference(recording_id=asked(f"r{n}").recording_id, revision=n) for n in range(13_000)]
    content = b"".join(encode(one) + b"\n" for one in references)
    assert len(content) > 1 << 20, "more than a block"
    object_store.put("default/references", content)
    await persist_dataset(database, object_store, replace(ASSEMBLED, references_key="default/references"))
    (found,) = await rows(database, "SELECT count(*) AS n, sum(revision)::integer AS revisions FROM dataset_references")
    assert found == {"n": 13_000, "revisions": sum(range(13_000))}


async def test_a_version_of_before_there_were_references_is_kept_without_them(
    database: Database, object_store: ObjectStore
) -> None:
    await persist_dataset(database, object_store, replace(ASSEMBLED, references_key=None))
    assert [row["version"] for row in await rows(database, "SELECT version FROM dataset_versions")] == [3]


async def test_references_that_are_missing_or_broken_leave_no_half_version(
    database: Database, object_store: ObjectStore
) -> None:
    good = encode(DatasetReference(recording_id=USED.recording_id, revision=1))
    object_store.put("default/broken", good + b"\nno reference\n")
    with pytest.raises(Poison):
        await persist_dataset(database, object_store, replace(ASSEMBLED, references_key="default/broken"))
    with pytest.raises(ObjectNotFound):
        await persist_dataset(database, object_store, replace(ASSEMBLED, references_key="default/nowhere"))
    assert await rows(database, "SELECT FROM dataset_versions") == []
    assert await rows(database, "SELECT FROM dataset_references") == []


async def test_a_catalogue_that_was_lost_knows_the_references_again(
    database: Database, object_store: ObjectStore, assemble: AssembleDataset, broker: Broker
) -> None:
    await fill(database)
    await published(assemble, broker)
    bucket = ReconcileBucket(PersistReports(database, lambda: NOW), object_store)
    assert await bucket.reconcile_bucket() == 1
    found = await uses(database, USED.recording_id)
    assert found == [{"name": "speech", "version": 1, "revision": 1, "job_id": USED.job_id}]
    assert await bucket.reconcile_bucket() == 0


async def test_an_announcement_in_the_bucket_that_cannot_be_read_hides_no_other(
    database: Database, object_store: ObjectStore, assemble: AssembleDataset, broker: Broker
) -> None:
    await fill(database)
    await published(assemble, broker)
    object_store.put("default/datasets-assembled/other/000001.json", b"{}")
    object_store.put("default/datasets-assembled/other/strange.json", b"{}")
    bucket = ReconcileBucket(PersistReports(database, lambda: NOW), object_store)
    assert await bucket.reconcile_bucket() == 1
    assert await uses(database, USED.recording_id) != []
