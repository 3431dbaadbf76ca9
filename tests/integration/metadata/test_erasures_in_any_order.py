"""A recording is erased in the midst of everything else: whatever the order, nothing comes back and nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ai2text.common.clock import utc_now
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.datasets import DatasetReference
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.erase_recording import EraseRecording
from ai2text.metadata.persist_dataset import persist_dataset
from ai2text.metadata.persist_reports import PersistReports
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.reconcile_bucket import ReconcileBucket
from tests.fixtures.examples import SHA256
from tests.integration.metadata.catalogue import INGESTED, asked, persisted, start
from tests.integration.metadata.erased import KEPT, erasures_told, rows_with
from tests.integration.metadata.inside import Inside
from tests.integration.metadata.test_erase_recording import assembled
from tests.integration.metadata.told import transcribed


@dataclass
class Story:
    """One recording, and those who do something about it; a step is what one of them does without interruption."""

    inside: Inside
    database: Database
    store: ObjectStore
    name: str
    life: int = 0
    alive: bool = False
    generations: list[int] = field(default_factory=list)
    datasets: int = 0
    written: set[str] = field(default_factory=set)
    """Of erased lives: keys of what somebody wrote."""
    named: set[str] = field(default_factory=set)
    withdrawn: set[int] = field(default_factory=set)
    of_version: dict[int, int] = field(default_factory=dict)
    """The life from which each version was made."""

    @property
    def path(self) -> str:
        return f"/v1/recordings/{identity.recording_id('default', self.name)}"

    def job(self, life: int) -> TranscriptionRequested:
        return asked(self.name, generation=life, audio_key=identity.audio_key("default", self.sha256, life))

    @property
    def sha256(self) -> str:
        return f"{SHA256}-{self.name}"

    async def upload(self) -> None:
        """By somebody who knows that it was erased."""
        job = self.job(self.life)
        facts = replace(
            INGESTED,
            recording_id=job.recording_id,
            first_job=job,
            audio_key=job.audio_key,
            sha256=self.sha256,
            facts_key=identity.facts_key("default", self.sha256, INGESTED.source.source_id, job.job_id),
        )
        self._put(facts.audio_key, b"sound")
        self._put(facts.facts_key, encode(facts))
        self.alive = True
        await persisted(self.database, facts)

    async def late_upload(self) -> None:
        """By somebody who had looked for a tombstone before the last erasure, and goes on now."""
        if self.life:
            living, self.life, alive = self.life, self.life - 1, self.alive
            await self.upload()
            self.life, self.alive = living, alive

    async def start(self) -> None:
        await start(self.database, self.job(self.life))
        self.alive = True

    async def transcribe(self) -> None:
        await self._transcribed(self.life)
        self.alive = True

    async def late_transcribe(self) -> None:
        if self.life:
            await self._transcribed(self.life - 1)

    async def _transcribed(self, life: int) -> None:
        """As a worker does it: the first outcome stands, and that is what it tells of."""
        job = self.job(life)
        report = transcribed(job)
        self.written.add(job.outcome_key)
        if self.store.put_first(job.outcome_key, encode(report.transcript)):
            await persisted(self.database, report)

    async def correct(self) -> None:
        seen = await self.inside.ask("GET", f"{self.path}/transcript")
        if seen.status_code == 200:
            (segment, *_) = seen.json()["segments"]
            etag = {"If-Match": f'"{segment["etag"]}"'}
            path = f"{self.path}/transcript/segments/{segment['id']}"
            answer = await self.inside.ask("PATCH", path, {"text": f"corrected in life {self.life}"}, headers=etag)
            assert answer.status_code == 200

    async def assemble(self) -> None:
        if self.alive:
            await self._assembled(self.life)

    async def late_assemble(self) -> None:
        if self.life:
            await self._assembled(self.life - 1)

    async def _assembled(self, life: int) -> None:
        self.datasets += 1
        self.of_version[self.datasets] = life
        job = self.job(life)
        reference = DatasetReference(recording_id=job.recording_id, life=life, revision=1, job_id=job.job_id)
        await persist_dataset(self.database, self.store, assembled(self.store, self.name, self.datasets, [reference]))

    async def erase(self) -> None:
        answer = await self.inside.ask("DELETE", self.path)
        if self.alive:
            assert answer.status_code == 202
            self.life, self.alive = self.life + 1, False
        else:
            assert answer.status_code == (202 if self.life else 404)

    async def erase_again(self) -> None:
        await EraseRecording(database=self.database, store=self.store, clock=utc_now).erase_again(0)

    async def reconcile(self) -> None:
        await ReconcileBucket(PersistReports(self.database, utc_now), self.store).reconcile_bucket()

    async def delete_objects(self) -> None:
        """As ingestion does it, as late as it likes."""
        for told in await erasures_told(self.database):
            if told.recording_id == self.job(0).recording_id:
                self.withdrawn |= {one.version for one in told.datasets}
                self.named |= set(told.keys)
                for key in told.keys:
                    self.store.erase(key)

    def _put(self, key: str, content: bytes) -> None:
        self.store.put(key, content)
        self.written.add(key)


Step = Callable[[Story], Awaitable[None]]
STEPS: dict[str, Step] = {
    name: getattr(Story, name)
    for name in (
        *("upload", "late_upload", "start", "transcribe", "late_transcribe", "correct", "assemble", "late_assemble"),
        *("erase", "erase_again", "reconcile", "delete_objects"),
    )
}
ORDERS = st.lists(st.sampled_from(sorted(STEPS)), min_size=3, max_size=14)


async def check(story: Story, owner: psycopg.Connection) -> None:
    """When all is quiet."""
    for _ in range(2):
        await story.erase_again()
        await story.reconcile()
        await story.delete_objects()
    job = story.job(story.life)
    left = {found.key for found in story.store.list("default/") if story.name in found.key or _ids(story, found.key)}
    tombstone = identity.tombstone_key("default", job.recording_id)
    earlier = {key for life in range(story.life) for key in _keys(story, life)}
    assert left & earlier == set()
    assert story.store.exists(tombstone) == (story.life > 0)
    assert {version for version, life in story.of_version.items() if life < story.life} == story.withdrawn
    seen = await story.inside.ask("GET", story.path)
    if story.alive:
        assert seen.status_code == 200
        assert {key for key in story.written if key in _keys(story, story.life)} <= left, "nothing of it was deleted"
        jobs = (await story.inside.ask("GET", f"/v1/jobs/{job.job_id}")).json()
        assert jobs["recording_id"] == job.recording_id
        transcript = (await story.inside.ask("GET", f"{story.path}/transcript")).text
        assert not [life for life in range(story.life) if f"life {life}" in transcript]
    else:
        assert seen.status_code == (410 if story.life else 404)
        tables = set(rows_with(owner, job.recording_id))
        assert tables <= KEPT


def _ids(story: Story, key: str) -> bool:
    return any(story.job(life).job_id in key for life in range(story.life + 1)) or story.job(0).recording_id in key


def _keys(story: Story, life: int) -> set[str]:
    job = story.job(life)
    facts = identity.facts_key("default", story.sha256, INGESTED.source.source_id, job.job_id)
    revisions = {identity.revision_key("default", job.recording_id, number, life) for number in range(1, 9)}
    return {job.audio_key, job.outcome_key, identity.draft_key("default", job.job_id), facts, *revisions}


async def _told(story: Story, owner: psycopg.Connection, order: list[str]) -> None:
    for step in order:
        await STEPS[step](story)
    await check(story, owner)


@pytest.mark.parametrize("examples", [10, pytest.param(400, marks=(pytest.mark.slow, pytest.mark.timeout(900)))])
async def test_in_whatever_order_nothing_comes_back_and_nothing_of_a_later_life_is_lost(
    inside: Inside, database: Database, object_store: ObjectStore, owner: psycopg.Connection, examples: int
) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(ORDERS)
    @example(["upload", "transcribe", "correct", "erase", "late_transcribe", "upload", "transcribe", "correct"])
    @example(["upload", "assemble", "erase", "late_assemble", "late_upload", "upload", "transcribe", "correct"])
    @example(["upload", "start", "erase", "delete_objects", "reconcile", "upload", "erase", "late_upload"])
    def told(order: list[str]) -> None:
        story = Story(inside, database, object_store, f"talk-{utc_now().timestamp()}")
        asyncio.run_coroutine_threadsafe(_told(story, owner, order), loop).result(120)

    await asyncio.to_thread(told)
