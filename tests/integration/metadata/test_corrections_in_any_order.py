"""Editors, machines, the reconciler and losses in any order: nothing is lost and nothing comes back."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ai2text.common.jetstream import connect
from ai2text.common.object_store import ObjectStore
from ai2text.common.settings import NatsSettings, S3Settings
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.settings import PostgresSettings
from tests.fixtures.servers import Server, new_database
from tests.integration.metadata.shared_transcript import DyingStore, SharedTranscript

KINDS = ("edit", "edit", "split", "merge", "replace", "look", "revert", "die")
AT_A_LOSS = ("edit", "split", "merge", "die")
"""What can be asked while nobody knows which number a revision will have."""


@dataclass(frozen=True)
class Does:
    kind: str
    back: int
    """0 has seen what is there now."""
    place: int


@dataclass(frozen=True)
class Hears:
    generation: int


@dataclass(frozen=True)
class Reconciles:
    pass


@dataclass(frozen=True)
class Loses:
    """The catalogue, and it is made again from the bucket; `meanwhile` editors go on."""

    meanwhile: tuple[Does, ...]


AtOnce = tuple[Does | Hears | Reconciles, ...]
Steps = Sequence[AtOnce | Loses]


def does(*kinds: str) -> st.SearchStrategy[Does]:
    return st.builds(Does, st.sampled_from(kinds), st.sampled_from((0, 0, 0, 1, 2)), st.integers(0, 5))


AT_ONCE = st.lists(
    st.one_of(does(*KINDS), does(*KINDS), st.builds(Hears, st.integers(0, 3)), st.builds(Reconciles)),
    min_size=1,
    max_size=4,
)
LOSSES = st.builds(Loses, st.lists(does(*AT_A_LOSS), max_size=3).map(tuple))
STEPS = st.lists(st.one_of(AT_ONCE.map(tuple), AT_ONCE.map(tuple), AT_ONCE.map(tuple), LOSSES), max_size=8)


@dataclass(frozen=True)
class Stage:
    """Where it is played, each time from the beginning."""

    server: Server
    template: str
    nats: NatsSettings
    s3: S3Settings

    async def play(self, steps: Steps) -> None:
        store = ObjectStore(self.s3)
        async with connect(self.nats, "test") as broker, AsyncExitStack() as opened:
            opened.callback(empty, store)
            shared = SharedTranscript(store, DyingStore(self.s3), broker)
            shared.on(await self._database(opened))
            await shared.begin()
            for step in steps:
                if isinstance(step, Loses):
                    await lose(shared, step, await self._database(opened))
                else:
                    await at_once(shared, step)
            await shared.reconcile()
            await shared.settle([])
            await shared.check_every_revision()

    async def _database(self, opened: AsyncExitStack) -> Database:
        dsn = opened.enter_context(new_database(self.server, self.template))
        return await opened.enter_async_context(Database(PostgresSettings(dsn=dsn, pool_size=4)))


def empty(store: ObjectStore) -> None:
    for found in store.list("default/"):
        store.delete(found.key)


async def at_once(shared: SharedTranscript, step: AtOnce) -> None:
    changes = [shared.wanted(one.kind, one.back, one.place) for one in step if isinstance(one, Does)]
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(shared.ask(change)) for change in changes]
        for one in {one for one in step if isinstance(one, Hears)}:
            tasks.create_task(shared.hear(one.generation))
        if Reconciles() in step:
            tasks.create_task(shared.reconcile())
    await shared.settle([task.result() for task in asked])


async def lose(shared: SharedTranscript, step: Loses, database: Database) -> None:
    """Without people's work a transcript may be corrected as soon as a machine's is there, so then nobody does."""
    meanwhile = step.meanwhile if shared.present.parent else ()
    changes = [shared.wanted(one.kind, one.back, one.place) for one in meanwhile]
    shared.on(database)
    shared.forget()
    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(shared.ask(change)) for change in changes]
        tasks.create_task(shared.reconcile())
    await shared.reconcile()
    await shared.settle([task.result() for task in asked])


@pytest.fixture
def stage(
    postgres_server: Server,
    newest_schema: str,
    nats_settings: NatsSettings,
    s3_settings: S3Settings,
    object_store: ObjectStore,
) -> Stage:
    return Stage(postgres_server, newest_schema, nats_settings, s3_settings)


EDIT, DIE = Does("edit", 0, 0), Does("die", 0, 0)


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@example([(EDIT,), (DIE,), (Hears(1),), (Does("edit", 0, 3),), (Reconciles(),)])
@example([(EDIT,), (EDIT,), (Hears(1),), Loses((EDIT, EDIT, EDIT)), (EDIT,)])
@given(STEPS)
def test_whatever_happens_nothing_is_lost_and_nothing_comes_back(stage: Stage, steps: Steps) -> None:
    asyncio.run(stage.play(steps))


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_whatever_happens_in_many_more_orders(stage: Stage, steps: Steps) -> None:
    asyncio.run(stage.play(steps))
