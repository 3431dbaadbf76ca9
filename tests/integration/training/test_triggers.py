"""Versions that are made without being asked for, from the real catalogue, by several rivals at once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from ai2text.common import subjects
from ai2text.common.contracts.datasets import DatasetShardRequested
from ai2text.common.contracts.definition import Definition, Trigger
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.reason import Reason
from ai2text.common.errors import Unavailable
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.postgres.pool import Database
from ai2text.training_orchestrator.catalogue import Catalogue
from ai2text.training_orchestrator.dataset import Triggered
from ai2text.training_orchestrator.end_trigger import EndTrigger
from ai2text.training_orchestrator.rebuilds import Rebuilds
from ai2text.training_orchestrator.request_dataset import RequestDataset
from ai2text.training_orchestrator.requested import next_step
from ai2text.training_orchestrator.settings import TrainingSettings
from ai2text.training_orchestrator.trigger_versions import TriggerVersions
from ai2text.training_orchestrator.versions import Versions
from tests.fixtures.datasets import Orchestrator
from tests.fixtures.examples import NOW
from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.inside import KEY
from tests.integration.metadata.catalogue import asked, ingest, transcribe

CALLER = Caller(tenant="default", subject="somebody", scopes=frozenset(), request_id="request-1")
DAILY = Definition(name="speech", trigger=Trigger(every_hours=24))
GROWING = Definition(name="speech", trigger=Trigger(new_hours=0.001))
DAY = timedelta(days=1)


class Rival:
    """One of several rivals, each with its own memory of what stands."""

    def __init__(self, store: ObjectStore, client: httpx.AsyncClient, broker: Broker) -> None:
        self.now = NOW
        self.versions = Versions(store)
        catalogue = Catalogue(client, KEY)
        self.requests = RequestDataset(
            self.versions, Rebuilds(store), catalogue, broker, lambda: self.now, TrainingSettings()
        )
        self.triggers = TriggerVersions(self.versions, catalogue, broker, lambda: self.now)
        self.ending = EndTrigger(self.versions, lambda: self.now)


@pytest.fixture
def rivals(object_store: ObjectStore, client: httpx.AsyncClient, broker: Broker) -> tuple[Rival, ...]:
    return tuple(Rival(object_store, client, broker) for _ in range(2))


async def take_in(database: Database, name: str) -> None:
    job = asked(name)
    await ingest(database, job)
    await transcribe(database, job, f"Words of {name}.")


async def build(orchestrator: Orchestrator, version: int) -> None:
    await orchestrator.work()
    assert orchestrator.assemble.versions.find_outcome("default", "speech", version) is not None


async def look(rivals: tuple[Rival, ...], after: timedelta) -> set[int]:
    """All at once; the versions that there are then."""
    for one in rivals:
        one.now = NOW + after
    await asyncio.gather(*(one.triggers.trigger_versions() for one in rivals for _ in range(3)))
    return rivals[0].versions.numbers("default", "speech")


async def test_two_rivals_claim_one_version_for_a_moment_and_none_while_nothing_has_changed(
    rivals: tuple[Rival, ...], orchestrator: Orchestrator, database: Database, broker: Broker
) -> None:
    await take_in(database, "first")
    await rivals[0].requests.request_dataset(CALLER, DAILY)
    assert await look(rivals, 2 * DAY) == {1}, "the first is not made yet"
    await build(orchestrator, 1)
    assert await look(rivals, 2 * DAY) == {1}, "nothing has changed"
    await take_in(database, "second")
    assert await look(rivals, DAY / 2) == {1}, "too early"
    assert await look(rivals, 2 * DAY) == {1, 2}
    claim = rivals[1].versions.find_claim("default", "speech", 2)
    assert claim is not None
    assert claim.triggered == Triggered(by="every_hours", due_at=NOW + 2 * DAY)
    assert (claim.definition, claim.requested_by) == (DAILY, "somebody")
    state = await broker.jetstream.stream_info(subjects.WORK, subjects_filter=subjects.DATASET_SHARD_REQUESTED)
    assert state.state.subjects == {subjects.DATASET_SHARD_REQUESTED: 1}
    await build(orchestrator, 2)
    assert await look(rivals, 2 * DAY) == {1, 2}


async def test_a_version_is_made_when_so_many_hours_are_there(
    rivals: tuple[Rival, ...], orchestrator: Orchestrator, database: Database
) -> None:
    await take_in(database, "first")
    await rivals[0].requests.request_dataset(CALLER, GROWING)
    await build(orchestrator, 1)
    assert await look(rivals, DAY) == {1}
    before = await orchestrator.requests.catalogue.size("default", "test")
    await take_in(database, "second")
    after = await orchestrator.requests.catalogue.size("default", "test")
    assert (before.recordings, after.recordings) == (1, 2)
    assert after.duration_seconds - before.duration_seconds < 3.6, "one recording alone is too short"
    await take_in(database, "third")
    assert await look(rivals, DAY) == {1, 2}


async def test_a_definition_without_a_trigger_ends_it_and_with_one_begins_it_again(
    rivals: tuple[Rival, ...], orchestrator: Orchestrator, database: Database
) -> None:
    first, _ = rivals
    await take_in(database, "first")
    for version, definition in enumerate((DAILY, replace(DAILY, trigger=None)), 1):
        await first.requests.request_dataset(CALLER, definition)
        await build(orchestrator, version)
    await take_in(database, "second")
    assert await look(rivals, 9 * DAY) == {1, 2}
    await first.requests.request_dataset(CALLER, DAILY)
    await build(orchestrator, 3)
    await take_in(database, "third")
    assert await look(rivals, 19 * DAY) == {1, 2, 3, 4}


async def test_a_trigger_that_was_ended_makes_no_more_also_of_a_version_that_it_claimed_in_that_moment(
    rivals: tuple[Rival, ...], orchestrator: Orchestrator, database: Database, broker: Broker
) -> None:
    first, second = rivals
    await take_in(database, "first")
    await first.requests.request_dataset(CALLER, DAILY)
    await build(orchestrator, 1)
    newest = second.versions.standing("default", "speech")
    assert newest is not None
    assert await first.ending.end_trigger(CALLER, "speech")
    assert not await second.ending.end_trigger(CALLER, "speech")
    late = replace(newest, version=2, triggered=Triggered(by="every_hours", due_at=NOW + DAY))
    assert second.versions.claim_number(late)
    await broker.publish(next_step(late))
    await build(orchestrator, 2)
    await take_in(database, "second")
    assert await look(rivals, 9 * DAY) == {1, 2}
    assert not await first.ending.end_trigger(CALLER, "other")


async def test_a_version_that_failed_is_not_made_again_before_something_has_changed(
    rivals: tuple[Rival, ...], orchestrator: Orchestrator, database: Database
) -> None:
    work = DatasetShardRequested(tenant="default", name="speech", version=1, requested_at=NOW)
    await rivals[0].requests.request_dataset(CALLER, DAILY)
    await orchestrator.assemble.give_up(work, Reason(code="failed_repeatedly", detail="Because."))
    assert await look(rivals, 2 * DAY) == {1}
    await take_in(database, "first")
    assert await look(rivals, 2 * DAY) == {1, 2}


async def test_while_the_catalogue_is_away_nothing_is_claimed_and_a_definition_with_a_trigger_has_to_wait(
    rivals: tuple[Rival, ...], orchestrator: Orchestrator, database: Database, metadata: FaultProxy
) -> None:
    await take_in(database, "first")
    await rivals[0].requests.request_dataset(CALLER, DAILY)
    await build(orchestrator, 1)
    metadata.refuse()
    with pytest.raises(Unavailable):
        await rivals[0].requests.request_dataset(CALLER, DAILY)
    with pytest.raises(Unavailable):
        await look(rivals[:1], 2 * DAY)
    assert rivals[0].versions.numbers("default", "speech") == {1}
