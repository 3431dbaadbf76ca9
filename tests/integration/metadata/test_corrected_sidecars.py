"""What people correct stands beside the recording: the real PostgreSQL and S3, and the catalogue asked over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ai2text.common.bucket_settings import Bucket
from ai2text.common.caller_token import authenticated
from ai2text.common.clock import utc_now
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.http_server import listen, serve_http
from ai2text.common.inside_client import ServiceUnavailable, inside_client
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.common.settings import S3Settings
from ai2text.ingestion.bucket_ledger import BucketLedger, ObjectEntry
from ai2text.ingestion.catalogue import Catalogue
from ai2text.ingestion.corrected import Corrected
from ai2text.ingestion.dispose import Dispose
from ai2text.ingestion.ledger import Entry, Ledger, Stage
from ai2text.ingestion.object_sidecars import ObjectSidecars
from ai2text.ingestion.read_shown_text import ReadShownText
from ai2text.ingestion.sidecars import Sidecars
from ai2text.ingestion.stable_file import signature_of
from ai2text.ingestion.write_object_sidecars import WriteObjectSidecars
from ai2text.ingestion.write_sidecars import WriteSidecars
from ai2text.metadata.erase_recording import EraseRecording
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.queues import Queues
from ai2text.metadata.reads import Reads
from ai2text.metadata.routes.recordings import recordings_router
from tests.fixtures.examples import TRANSCRIPT
from tests.fixtures.inside import KEY
from tests.integration.metadata.catalogue import INGESTED, asked, ingest, transcribe
from tests.integration.metadata.inside import Inside

TALK = asked("talk")
PATH = f"/v1/recordings/{TALK.recording_id}/transcript"
EXTENSIONS = frozenset({"wav"})


class HeldCatalogue(Catalogue):
    """Answers what it saw when it was asked, but not before it is let."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__(client, KEY)
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def transcript(self, tenant: str, recording_id: str) -> Corrected:
        seen = await super().transcript(tenant, recording_id)
        self.asked.set()
        await self.let.wait()
        return seen


@dataclass
class Talk:
    """A transcribed recording in a folder, and whoever corrects it."""

    folder: Path
    state: Path
    store: ObjectStore
    inside: Inside
    client: httpx.AsyncClient

    def ledger(self, name: str = "ledger") -> Iterator[Ledger]:
        with closing(Ledger(self.state / f"{name}.sqlite3")) as ledger:
            signature = signature_of(self.folder / "talk.wav")
            assert signature is not None
            ledger.put(
                Entry(
                    name="talk.wav",
                    signature=signature,
                    stage=Stage.ANNOUNCED,
                    recording_id=TALK.recording_id,
                    job_id=TALK.job_id,
                    outcome_key=TALK.outcome_key,
                    facts_key=INGESTED.facts_key,
                )
            )
            yield ledger

    def writing(self, ledger: Ledger, catalogue: Catalogue | None = None) -> WriteSidecars:
        sidecars = Sidecars(self.folder, EXTENSIONS, ("txt", "srt", "json"))
        texts = ReadShownText(self.store, catalogue or Catalogue(self.client, KEY), "default")
        return WriteSidecars(ledger, texts, sidecars, Dispose(self.folder, ledger, self.store, sidecars))

    def outcome(self, job: TranscriptionRequested, *texts: str) -> None:
        (segment,) = TRANSCRIPT.segments
        segments = [replace(segment, start=n, end=n + 1, text=f" {text}", words=()) for n, text in enumerate(texts)]
        transcript: Transcript = replace(TRANSCRIPT, recording_id=job.recording_id, segments=tuple(segments))
        self.store.put(job.outcome_key, encode(transcript))

    async def correct(self, text: str) -> None:
        segment = (await self.inside.ask("GET", PATH)).json()["segments"][0]
        headers = {"If-Match": f'"{segment["etag"]}"'}
        answer = await self.inside.ask("PATCH", f"{PATH}/segments/{segment['id']}", {"text": text}, headers=headers)
        assert answer.status_code == 200, answer.text

    def says(self) -> str:
        return (self.folder / "talk.txt").read_text()

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
async def talk(
    database: Database, object_store: ObjectStore, broker: Broker, inside: Inside, tmp_path: Path
) -> AsyncIterator[Talk]:
    app = FastAPI()
    erasing = EraseRecording(database=database, store=object_store, clock=utc_now)
    app.include_router(recordings_router(Reads(database, Queues(broker)), object_store, erasing, authenticated(KEY)))
    stop, listener = asyncio.Event(), listen("127.0.0.1", 0)
    serving = asyncio.create_task(serve_http(app, listener, stop))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "talk.wav").write_bytes(b"sound")
    await ingest(database, TALK)
    await transcribe(database, TALK, "one potato", "two potato")
    async with inside_client(url, connect_seconds=2, read_seconds=10) as client:
        talk = Talk(folder, tmp_path, object_store, inside, client)
        talk.outcome(TALK, "one potato", "two potato")
        object_store.put(INGESTED.facts_key, encode(replace(INGESTED, recording_id=TALK.recording_id, first_job=TALK)))
        yield talk
    stop.set()
    await serving


@pytest.fixture
def ledger(talk: Talk) -> Iterator[Ledger]:
    yield from talk.ledger()


async def test_sidecars_say_what_people_see_after_each_correction_and_after_a_rerun(talk: Talk, ledger: Ledger) -> None:
    writing = talk.writing(ledger)
    await writing.write_sidecars(TALK.recording_id, TALK.outcome_key)
    assert talk.says() == "one potato\ntwo potato\n"
    for text in ("one tomato", "one carrot"):
        await talk.correct(text)
        await writing.write_sidecars(TALK.recording_id, None)
        assert talk.says() == f"{text}\ntwo potato\n"
        assert text in (talk.folder / "talk.srt").read_text()
        assert f'"duration": {INGESTED.media.duration_seconds}' in (talk.folder / "talk.json").read_text()
    rerun = asked("talk", generation=1)
    talk.outcome(rerun, "1 potato", "2 potato")
    await writing.write_sidecars(TALK.recording_id, rerun.outcome_key)
    assert talk.says() == "one carrot\ntwo potato\n"
    assert (await talk.inside.ask("POST", f"{PATH}/revert", {"revision": 1})).status_code == 200
    await writing.write_sidecars(TALK.recording_id, None)
    assert talk.says() == "one potato\ntwo potato\n"
    assert talk.files() == ["talk.json", "talk.srt", "talk.txt", "talk.wav"]


async def test_a_missing_sidecar_is_repaired_with_the_corrected_text(talk: Talk, ledger: Ledger) -> None:
    writing = talk.writing(ledger)
    await writing.write_sidecars(TALK.recording_id, TALK.outcome_key)
    await talk.correct("one tomato")
    (talk.folder / "talk.txt").unlink()
    (entry,) = ledger.of_recording(TALK.recording_id)
    assert await writing.repair(entry)
    assert talk.says() == "one tomato\ntwo potato\n"


async def test_a_text_that_was_read_before_a_newer_one_was_written_does_not_replace_it(
    talk: Talk, ledger: Ledger
) -> None:
    await talk.correct("one tomato")
    held = HeldCatalogue(talk.client)
    slow = asyncio.create_task(talk.writing(ledger, held).write_sidecars(TALK.recording_id, None))
    await held.asked.wait()
    await talk.correct("one carrot")
    await talk.writing(ledger).write_sidecars(TALK.recording_id, None)
    held.let.set()
    await slow
    assert talk.says() == "one carrot\ntwo potato\n"
    assert [entry.revision for entry in ledger.of_recording(TALK.recording_id)] == [3]
    assert "talk.wav.txt" not in talk.files()


async def test_a_machines_text_that_was_read_before_the_first_correction_does_not_replace_it(
    talk: Talk, ledger: Ledger
) -> None:
    machines = await ReadShownText(talk.store, Catalogue(talk.client, KEY), "default").read_shown_text(
        ledger.of_recording(TALK.recording_id)[0], TALK.outcome_key
    )
    await talk.correct("one tomato")
    writing = talk.writing(ledger)
    await writing.write_sidecars(TALK.recording_id, None)
    assert isinstance(machines, Transcript)
    writing._write_again("talk.wav", machines)  # noqa: SLF001 - as a comparison that read it a moment earlier
    assert talk.says() == "one tomato\ntwo potato\n"


async def test_without_the_catalogue_only_what_is_corrected_waits(talk: Talk, ledger: Ledger) -> None:
    async with inside_client("http://127.0.0.1:9", connect_seconds=1, read_seconds=1) as nobody:
        writing = talk.writing(ledger, Catalogue(nobody, KEY))
        await writing.write_sidecars(TALK.recording_id, TALK.outcome_key)
        assert talk.says() == "one potato\ntwo potato\n"
        await talk.correct("one tomato")
        with pytest.raises(ServiceUnavailable):
            await writing.write_sidecars(TALK.recording_id, None)
        (entry,) = ledger.of_recording(TALK.recording_id)
        assert not await writing.repair(entry)
    assert talk.says() == "one potato\ntwo potato\n"


async def test_a_recording_that_the_catalogue_does_not_know_again_yet_waits(talk: Talk, ledger: Ledger) -> None:
    unknown = asked("of a catalogue that was lost")
    talk.store.put(identity.revision_key("default", unknown.recording_id, 2), b"{}")
    (entry,) = ledger.of_recording(TALK.recording_id)
    ledger.put(replace(entry, recording_id=unknown.recording_id))
    with pytest.raises(ServiceUnavailable, match="404"):
        await talk.writing(ledger).write_sidecars(unknown.recording_id, None)


async def test_a_lost_ledger_finds_the_corrected_sidecars_as_they_should_be(talk: Talk, ledger: Ledger) -> None:
    await talk.correct("one tomato")
    await talk.writing(ledger).write_sidecars(TALK.recording_id, None)
    before = talk.files()
    for fresh in talk.ledger("fresh"):
        await talk.writing(fresh).write_sidecars(TALK.recording_id, TALK.outcome_key)
        (entry,) = fresh.of_recording(TALK.recording_id)
        assert set(entry.written) == {"talk.json", "talk.srt", "talk.txt"}
    assert talk.files() == before


async def test_a_file_of_somebody_else_is_not_overwritten_by_a_correction(talk: Talk, ledger: Ledger) -> None:
    (talk.folder / "talk.txt").write_text("my own notes")
    await talk.correct("one tomato")
    await talk.writing(ledger).write_sidecars(TALK.recording_id, None)
    assert talk.says() == "my own notes"
    assert (talk.folder / "talk.wav.txt").read_text() == "one tomato\ntwo potato\n"


async def test_what_was_corrected_in_an_earlier_life_is_no_correction_of_this_one(talk: Talk, ledger: Ledger) -> None:
    await talk.correct("one tomato")
    (entry,) = ledger.of_recording(TALK.recording_id)
    ledger.put(replace(entry, life=4))
    await talk.writing(ledger).write_sidecars(TALK.recording_id, None)
    assert talk.files() == ["talk.wav"]
    await talk.writing(ledger).write_sidecars(TALK.recording_id, TALK.outcome_key)
    assert talk.says() == "one potato\ntwo potato\n"


async def test_objects_beside_an_object_say_what_people_see_too(
    talk: Talk, s3_settings: S3Settings, tmp_path: Path
) -> None:
    watched = ObjectStore(s3_settings.model_copy(update={"bucket": "archive-of-corrections"}))
    watched.make_ready()
    with closing(BucketLedger(tmp_path / "bucket.sqlite3")) as ledger:
        ids: dict[str, Any] = {"recording_id": TALK.recording_id, "facts_key": INGESTED.facts_key}
        ledger.put(ObjectEntry(key="talk.wav", etag="x", stage=Stage.ANNOUNCED, outcome_key=TALK.outcome_key, **ids))
        sidecars = ObjectSidecars(Bucket(name="b", bucket="archive-of-corrections", sidecars=("txt", "json")), watched)
        held = HeldCatalogue(talk.client)
        slowly, writing = (
            WriteObjectSidecars(ledger, ReadShownText(talk.store, catalogue, "default"), sidecars)
            for catalogue in (held, Catalogue(talk.client, KEY))
        )
        await writing.write_object_sidecars(TALK.recording_id, TALK.outcome_key)
        assert watched.get("talk.txt") == b"one potato\ntwo potato\n"
        await talk.correct("one tomato")
        slow = asyncio.create_task(slowly.write_object_sidecars(TALK.recording_id, None))
        await held.asked.wait()
        await talk.correct("one carrot")
        await writing.write_object_sidecars(TALK.recording_id, None)
        held.let.set()
        await slow
        assert watched.get("talk.txt") == b"one carrot\ntwo potato\n"
        assert b'"text":"one carrot"' in watched.get("talk.json")
        watched.delete("talk.txt")
        (entry,) = ledger.of_recording(TALK.recording_id)
        assert await writing.repair(entry)
        assert watched.get("talk.txt") == b"one carrot\ntwo potato\n"
        assert [found.key for found in watched.list("talk")] == ["talk.json", "talk.txt"]
