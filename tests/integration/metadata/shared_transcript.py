"""A transcript that editors and machines change at the same time, and what must hold of it in whatever order."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx

from ai2text.common.clock import utc_now
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.outcome import Transcript, Word
from ai2text.common.errors import StoreUnavailable
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.persist_reports import PersistReports, read_outcome
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.reconcile_bucket import ReconcileBucket
from tests.fixtures.examples import NOW, TRANSCRIPT
from tests.integration.metadata.catalogue import INGESTED, asked, rows
from tests.integration.metadata.change import Change, Document, contents, lines
from tests.integration.metadata.inside import Inside

TALK = asked("talk")
PATH = f"/v1/recordings/{TALK.recording_id}/transcript"
EVERYWHERE = "say"
"""A word of each machine's segment."""


class DyingStore(ObjectStore):
    """Whoever writes a revision into it dies before its row is there."""

    def put_first(self, key: str, content: bytes) -> bool:
        if super().put_first(key, content):
            raise StoreUnavailable("The answer was lost.")
        return False


@dataclass(frozen=True, slots=True)
class Revision:
    """As it was when it came."""

    document: Document
    parent: Document | None
    """None of a machine's."""
    generation: int = 0


@dataclass(slots=True)
class SharedTranscript:
    """The model beside the catalogue: each answer is checked against what it may have been, in the order it tells."""

    store: ObjectStore
    dying: ObjectStore
    broker: Broker
    revisions: list[Revision] = field(default_factory=list)
    now: Revision | None = None
    forgotten: list[Revision] = field(default_factory=list)
    """Human revisions that a new catalogue has to learn first."""
    unfinished: list[Change] = field(default_factory=list)
    """Whose revision stands in the bucket, and whose author had no answer."""
    heard: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    """Generation and texts, by job."""
    etags: dict[str, str] = field(default_factory=dict)
    said: int = 0
    database: Database = field(init=False)
    inside: Inside = field(init=False)
    mortal: Inside = field(init=False)

    def on(self, database: Database) -> None:
        self.database = database
        self.inside = Inside(database, self.store, self.broker)
        self.mortal = Inside(database, self.dying, self.broker)

    async def begin(self) -> None:
        facts = replace(INGESTED, recording_id=TALK.recording_id, first_job=TALK)
        key = identity.facts_key(TALK.tenant, facts.sha256, facts.source.source_id, TALK.job_id)
        await asyncio.to_thread(self.store.put, key, encode(facts))
        await PersistReports(self.database, utc_now).persist_reports([facts])
        await self.hear(0)
        await self.settle([])

    async def hear(self, generation: int) -> None:
        """A machine's transcript is reported; when it was before, again."""
        job = asked("talk", generation=generation)
        if job.job_id not in self.heard:
            transcript = _transcript(generation, NOW + timedelta(seconds=len(self.heard)))
            self.heard[job.job_id] = generation, [segment.text.strip() for segment in transcript.segments]
            outcome = replace(transcript, job_id=job.job_id, recording_id=job.recording_id)
            await asyncio.to_thread(self.store.put_first, job.outcome_key, encode(outcome))
        end = await asyncio.to_thread(read_outcome, self.store, job.outcome_key)
        await PersistReports(self.database, utc_now).persist_reports([end])

    async def reconcile(self) -> None:
        await ReconcileBucket(PersistReports(self.database, utc_now), self.store).reconcile_bucket()

    def forget(self) -> None:
        """The catalogue is new and empty; the bucket has everything."""
        self.forgotten = [revision for revision in self.revisions if revision.parent]
        self.revisions, self.now = [], None

    def wanted(self, kind: str, back: int, place: int) -> Change:
        """By an editor who has seen the revision that is so far `back` from the newest."""
        self.said += 1
        seen = self.revisions[-1 - back % len(self.revisions)].document if back else self.present.document
        to = self.revisions[place % len(self.revisions)].document
        return Change(kind, seen, place, f"w{self.said}", to)

    async def ask(self, change: Change) -> tuple[Change, httpx.Response]:
        inside = self.mortal if change.kind == "die" else self.inside
        method, path, body, etag = change.request()
        return change, await inside.ask(method, f"{PATH}{path}", body, headers={"If-Match": f'"{etag}"'})

    @property
    def present(self) -> Revision:
        assert self.now is not None
        return self.now

    async def settle(self, asked: Iterable[tuple[Change, httpx.Response]]) -> None:
        """Takes note of the revisions that have come, each of which must be right upon the one before."""
        answers = list(asked)
        made = {answer.json()["revision"]: change for change, answer in answers if change.makes(answer)}
        assert len(made) == sum(change.makes(answer) for change, answer in answers), "two have the same number"
        self.unfinished += [one for one, answer in answers if one.kind == "die" and answer.status_code == 503]
        items = (await self.inside.ask("GET", f"{PATH}/revisions")).json()["items"]
        assert [item["revision"] for item in items] == list(range(1, len(items) + 1))
        states = [self.now]
        for item in items[len(self.revisions) :]:
            document = await self.sees(item["revision"])
            self._note(item, document, made.pop(item["revision"], None))
            states.append(self.now)
        assert not made
        assert not self.forgotten
        for change, answer in answers:
            allowed = [change.answers(state.document if state else None) for state in states]
            assert any(answer.status_code in statuses for statuses in allowed), (change, answer.text)
        await self._check_what_people_see([item["current"] for item in items])

    def _note(self, item: Document, document: Document, change: Change | None) -> None:
        if item["kind"] == "machine":
            generation, texts = self.heard[item["job_id"]]
            assert [text for _, text in lines(document)] == texts
            revision = Revision(document, None, generation)
            seen = self.now is None or (not self.now.parent and self.now.generation < generation)
        else:
            revision, seen = self._by_hand(item, document, change), True
        self.revisions.append(revision)
        self.now = revision if seen else self.now

    def _by_hand(self, item: Document, document: Document, change: Change | None) -> Revision:
        parent = self.revisions[item["parent"] - 1].document
        if self.forgotten:
            known = self.forgotten.pop(0)
            assert contents(document) == contents(known.document)
            assert known.parent
            assert contents(parent) == contents(known.parent)
            return Revision(document, parent)
        before = self.present.document
        if change is None:
            change = next(one for one in self.unfinished if any(one.word in text for _, text in lines(document)))
            self.unfinished.remove(change)
            before = before if self.present.parent else parent  # a machine may have come since
        assert parent == before, "upon what people saw"
        assert 200 in change.answers(before)
        assert lines(document) == change.applied(lines(before), lines(document)), change
        return Revision(document, parent)

    async def _check_what_people_see(self, current: Sequence[bool]) -> None:
        now = self.present.document
        assert [number for number, is_it in enumerate(current, start=1) if is_it] == [now["revision"]]
        assert await self.sees() == now
        hits = (await self.inside.ask("GET", f"/v1/search?q={EVERYWHERE}")).json()["items"]
        said = {(one, text) for one, text in lines(now) if EVERYWHERE in text.split()}
        assert {(hit["segment"], hit["text"]) for hit in hits} == said
        known = await rows(self.database, "SELECT revision_key FROM transcripts WHERE kind = 'human' ORDER BY revision")
        stored = [one.key for one in self.store.list(identity.revisions_prefix(TALK.tenant))]
        keys = [row["revision_key"] for row in known]
        assert keys == [key for key in stored if key in keys], "in the order in which they were written"
        assert len(stored) == len(keys) + len(self.unfinished)
        for segment in now["segments"]:
            content = repr({name: value for name, value in segment.items() if name not in {"etag", "words"}})
            assert self.etags.setdefault(content, segment["etag"]) == segment["etag"]

    async def check_every_revision(self) -> None:
        for revision in self.revisions:
            assert await self.sees(revision.document["revision"]) == revision.document

    async def sees(self, revision: int | None = None) -> Document:
        answer = await self.inside.ask("GET", PATH if revision is None else f"{PATH}?revision={revision}")
        assert answer.status_code == 200, answer.text
        seen: Document = answer.json()
        return seen


def _transcript(generation: int, at: Any) -> Transcript:
    (example,) = TRANSCRIPT.segments
    texts = [f" {EVERYWHERE} potato m{generation} s{number}" for number in range(3)]
    segments = [
        replace(example, start=n, end=n + 1, text=text, words=tuple(_words(text, n))) for n, text in enumerate(texts)
    ]
    return replace(
        TRANSCRIPT, generation=generation, text="".join(texts).strip(), segments=tuple(segments), transcribed_at=at
    )


def _words(text: str, start: float) -> Iterable[Word]:
    said = text.split()
    for number, word in enumerate(said):
        begin = start + number / len(said)
        yield Word(start=begin, end=begin + 1 / len(said), text=f" {word}", probability=0.5)
