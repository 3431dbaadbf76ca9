"""A version assembled from the real catalogue, over a wire that may break."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from ai2text.common import subjects
from ai2text.common.contracts.datasets import DatasetShardRequested
from ai2text.common.contracts.definition import Definition
from ai2text.common.contracts.reason import Reason
from ai2text.common.errors import Poison, Unavailable
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.postgres.pool import Database
from ai2text.training_orchestrator.assemble_dataset import AssembleDataset
from ai2text.training_orchestrator.dataset import Claim, VersionOutcome
from tests.fixtures.examples import NOW
from tests.fixtures.fault_proxy import FaultProxy
from tests.integration.metadata.catalogue import asked, ingest, transcribe

KEY = "0123456789abcdef0123456789abcdef"
CLAIM = Claim(tenant="default", definition=Definition(name="speech"), version=0, requested_by="cli", created_at=NOW)
WORK = DatasetShardRequested(tenant="default", name="speech", version=1, requested_at=NOW)
TEXT = "Zwei\u2028Zeilen, \x85 und\x0b mehr."


async def fill(database: Database, count: int, tenant: str = "default") -> None:
    for number in range(count):
        job = asked(f"{tenant}-{number}", tenant)
        await ingest(database, job)
        await transcribe(database, job, f"{TEXT} {number}")


def texts(store: ObjectStore, outcome: VersionOutcome | None) -> Iterator[str]:
    assert outcome is not None
    for line in store.get(outcome.files[0].key).split(b"\n")[:-1]:
        yield json.loads(line)["text"]


async def test_every_transcribed_recording_of_the_tenant_is_a_row_whatever_its_text_holds(
    assemble: AssembleDataset, database: Database, object_store: ObjectStore
) -> None:
    await fill(database, 7)
    await fill(database, 2, tenant="other")
    await ingest(database, asked("not transcribed yet"))
    assemble.versions.claim(CLAIM)
    await assemble.assemble_dataset(WORK)
    outcome = assemble.versions.find_outcome("default", "speech", 1)
    assert sorted(texts(object_store, outcome)) == [f"{TEXT} {number}" for number in range(7)]
    assert list(assemble.versions.unfinished()) == []


async def test_the_same_catalogue_gives_the_same_bytes_and_a_repetition_makes_nothing_new(
    assemble: AssembleDataset, database: Database, object_store: ObjectStore, broker: Broker
) -> None:
    await fill(database, 5)
    for version in (1, 2):
        assemble.versions.claim(CLAIM)
        for _ in range(2):
            await assemble.assemble_dataset(
                DatasetShardRequested(tenant="default", name="speech", version=version, requested_at=NOW)
            )
    first, second = (assemble.versions.find_outcome("default", "speech", version) for version in (1, 2))
    assert first is not None
    assert second is not None
    assert [file.sha256 for file in first.files] == [file.sha256 for file in second.files]
    assert len(list(object_store.list("default/dataset-files/"))) == 22, (
        "manifest, rows, audio, references, sources, and six of the card"
    )
    state = (await broker.jetstream.stream_info(subjects.EVENTS, subjects_filter=subjects.DATASET_ASSEMBLED)).state
    assert state.subjects == {subjects.DATASET_ASSEMBLED: 2}


@pytest.mark.lesson("L02")
async def test_l02_a_snapshot_that_breaks_off_publishes_nothing_and_the_next_try_all_of_it(
    assemble: AssembleDataset, database: Database, object_store: ObjectStore, metadata: FaultProxy
) -> None:
    await fill(database, 120)
    assemble.versions.claim(CLAIM)
    metadata.cut_after(20_000)
    with pytest.raises(Unavailable):
        await assemble.assemble_dataset(WORK)
    assert assemble.versions.find_outcome("default", "speech", 1) is None
    assert list(object_store.list("default/dataset-files/")) == []
    while (pool := database.numbers()["reader"])["pool_available"] < pool["pool_size"]:
        await asyncio.sleep(0.05)  # a reader that goes away gives its connection back
    metadata.resume()
    await assemble.assemble_dataset(WORK)
    assert len(list(texts(object_store, assemble.versions.find_outcome("default", "speech", 1)))) == 120


async def test_a_catalogue_that_is_away_is_waited_for(assemble: AssembleDataset, metadata: FaultProxy) -> None:
    assemble.versions.claim(CLAIM)
    metadata.refuse()
    with pytest.raises(Unavailable):
        await assemble.assemble_dataset(WORK)


async def test_work_that_is_given_up_ends_its_version_as_failed(assemble: AssembleDataset) -> None:
    assemble.versions.claim(CLAIM)
    await assemble.give_up(WORK, Reason(code="failed_repeatedly", detail="Because."))
    outcome = assemble.versions.find_outcome("default", "speech", 1)
    assert outcome is not None
    assert (outcome.status, outcome.error) == ("failed", Reason(code="failed_repeatedly", detail="Because."))
    assert list(assemble.versions.unfinished()) == []


async def test_work_on_a_version_that_nobody_claimed_is_poison(assemble: AssembleDataset) -> None:
    with pytest.raises(Poison, match="Nobody has claimed"):
        await assemble.assemble_dataset(WORK)
