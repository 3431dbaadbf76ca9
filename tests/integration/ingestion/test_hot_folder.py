"""The hot folder with the real broker, store and sandbox; files are dropped as their owners drop them."""

import asyncio
import os
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common import subjects
from ai2text.common.clock import utc_now
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.common.settings import S3Settings
from ai2text.common.sources import Folder
from ai2text.ingestion.admission import Admission
from ai2text.ingestion.ledger import Ledger, Stage
from ai2text.ingestion.settings import IngestionSettings
from ai2text.ingestion.store_recording import StoreRecording
from ai2text.ingestion.surroundings import Surroundings
from ai2text.ingestion.watched_folders import wired
from tests.fixtures.examples import TRANSCRIPT
from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.no_catalogue import no_catalogue
from tests.fixtures.stack import SAMPLES

QUIET_SECONDS = 0.5
DEADLINE_SECONDS = 30
WAV = SAMPLES / "01-the-weather-is-here.wav"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(children=2)) as opened:
        yield opened


@dataclass
class Inbox:
    """A folder and what ingestion made of it."""

    path: Path
    state: Path
    store: ObjectStore
    s3: S3Settings
    broker: Broker
    sandbox: Sandbox

    @asynccontextmanager
    async def watched(self, store: ObjectStore | None = None) -> AsyncIterator[Ledger]:
        """As `main` wires it."""
        kept = store or self.store
        settings = Folder(path=self.path, quiet_seconds=QUIET_SECONDS, rescan_seconds=1)
        ledger = Ledger(self.state / "ledger.sqlite3")
        own = IngestionSettings(state_dir=self.state)
        storing = StoreRecording(own, kept, self.sandbox, utc_now)
        around = Surroundings(
            settings=own, s3=self.s3, store=kept, storing=storing, broker=self.broker, catalogue=no_catalogue()
        )
        folder = wired(settings, around, ledger, Admission(2, lambda: self.broker.connected)).folder
        stop = asyncio.Event()
        running = asyncio.create_task(folder.run(stop))
        try:
            yield ledger
        finally:
            stop.set()
            await asyncio.wait_for(running, DEADLINE_SECONDS)
            ledger.close()

    def drop(self, name: str, content: bytes | None = None) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(WAV.read_bytes() if content is None else content)
        return path

    async def ingested(self) -> list[RecordingIngested]:
        count = (await self.broker.jetstream.stream_info(subjects.EVENTS)).state.messages
        raw = [await self.broker.jetstream.get_msg(subjects.EVENTS, seq) for seq in range(1, count + 1)]
        return [decode(RecordingIngested, m.data or b"") for m in raw if m.subject == subjects.RECORDING_INGESTED]

    async def requested(self) -> int:
        return (await self.broker.jetstream.stream_info(subjects.WORK)).state.messages


@pytest.fixture
def inbox(
    tmp_path: Path, object_store: ObjectStore, s3_settings: S3Settings, broker: Broker, sandbox: Sandbox
) -> Inbox:
    (tmp_path / "inbox").mkdir()
    return Inbox(tmp_path / "inbox", tmp_path / "state", object_store, s3_settings, broker, sandbox)


def variant(number: int) -> bytes:
    """Other bytes, the same sound: something after the end of the data, as many recorders leave it."""
    return WAV.read_bytes() + b"\0\0" * (number + 1)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await asyncio.sleep(0.05)


def stages(ledger: Ledger) -> dict[str, Stage]:
    with closing(sqlite3.connect(ledger.path)) as file:
        return {name: Stage(stage) for name, stage in file.execute("SELECT name, stage FROM files")}


async def test_files_that_were_there_before_are_found_at_the_start(inbox: Inbox) -> None:
    inbox.drop("before.wav")
    async with inbox.watched() as ledger:
        await until(lambda: stages(ledger) == {"before.wav": Stage.ANNOUNCED})
    (event,) = await inbox.ingested()
    assert event.source.name == "before.wav"
    assert inbox.store.get(event.audio_key) == WAV.read_bytes()
    assert decode(RecordingIngested, inbox.store.get(event.facts_key)) == event
    assert await inbox.requested() == 1


@pytest.mark.lesson("L04")
async def test_a_folder_renamed_into_the_inbox_is_taken_whole(inbox: Inbox, tmp_path: Path) -> None:
    outside = tmp_path / "outside" / "deep"
    outside.mkdir(parents=True)
    for number in range(30):
        (outside / f"{number}.wav").write_bytes(variant(number))
    async with inbox.watched() as ledger:
        await asyncio.sleep(1)
        outside.parent.rename(inbox.path / "arrived")
        await until(lambda: len(stages(ledger)) == 30 and set(stages(ledger).values()) == {Stage.ANNOUNCED})
    assert len({event.recording_id for event in await inbox.ingested()}) == 30


@pytest.mark.lesson("L03")
async def test_l03_a_copy_that_pauses_longer_than_the_window_is_not_taken_before_it_is_closed(inbox: Inbox) -> None:
    content = WAV.read_bytes()
    async with inbox.watched() as ledger:
        with (inbox.path / "paused.wav").open("wb") as file:
            file.write(content[:50_000])
            file.flush()
            await asyncio.sleep(4 * QUIET_SECONDS)
            assert stages(ledger) == {}
            file.write(content[50_000:])
        await until(lambda: stages(ledger) == {"paused.wav": Stage.ANNOUNCED})
    (event,) = await inbox.ingested()
    assert inbox.store.get(event.audio_key) == content


@pytest.mark.lesson("L03")
async def test_a_file_that_is_rewritten_ends_as_what_it_is_at_the_end(inbox: Inbox) -> None:
    async with inbox.watched() as ledger:
        path = inbox.drop("rewritten.wav", variant(1))
        await asyncio.sleep(QUIET_SECONDS / 2)
        path.write_bytes(variant(2))
        await until(lambda: stages(ledger) == {"rewritten.wav": Stage.ANNOUNCED})
        (event,) = await inbox.ingested()
    assert inbox.store.get(event.audio_key) == variant(2)


@pytest.mark.lesson("L19")
async def test_links_pipes_and_unfinished_names_are_left_alone(inbox: Inbox, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    shutil.copyfile(WAV, secret / "secret.wav")
    (inbox.path / "link.wav").symlink_to(secret / "secret.wav")
    (inbox.path / "folder").symlink_to(secret)
    os.mkfifo(inbox.path / "pipe.wav")
    for name in (".hidden.wav", "x.wav.part", "notes.txt"):
        inbox.drop(name)
    async with inbox.watched() as ledger:
        inbox.drop("last.wav")
        await until(lambda: stages(ledger) == {"last.wav": Stage.ANNOUNCED})
        await asyncio.sleep(2 * QUIET_SECONDS)
        assert list(stages(ledger)) == ["last.wav"]


async def test_what_was_stored_but_not_announced_is_announced_after_the_start(inbox: Inbox) -> None:
    inbox.drop("talk.wav")
    async with inbox.watched() as ledger:
        await until(lambda: stages(ledger) == {"talk.wav": Stage.ANNOUNCED})
        entry = ledger.get("talk.wav")
    await inbox.broker.jetstream.purge_stream(subjects.WORK)
    await inbox.broker.jetstream.purge_stream(subjects.EVENTS)
    again = Ledger(inbox.state / "ledger.sqlite3")
    assert entry is not None
    again.put(type(entry)(**{**{n: getattr(entry, n) for n in entry.__slots__}, "stage": Stage.STORED}))
    again.close()
    async with inbox.watched() as ledger:
        await until(lambda: stages(ledger) == {"talk.wav": Stage.ANNOUNCED})


async def test_a_lost_ledger_is_made_again_and_changes_nothing(inbox: Inbox) -> None:
    path = inbox.drop("talk.wav")
    async with inbox.watched() as ledger:
        await until(lambda: stages(ledger) == {"talk.wav": Stage.ANNOUNCED})
        entry = ledger.get("talk.wav")
        assert entry is not None
        inbox.store.put(str(entry.outcome_key), encode(TRANSCRIPT))
        await until(lambda: stages(ledger) == {"talk.wav": Stage.DONE})
    shutil.rmtree(inbox.state)
    async with inbox.watched() as ledger:
        await until(lambda: stages(ledger) == {"talk.wav": Stage.DONE})
        found = ledger.get("talk.wav")
    assert found is not None
    assert found.recording_id == entry.recording_id
    assert sorted(p.name for p in inbox.path.iterdir()) == ["talk.srt", "talk.txt", path.name]
    assert len({event.recording_id for event in await inbox.ingested()}) == 1


async def test_an_unchanged_folder_is_reconciled_without_reading_its_files(inbox: Inbox) -> None:
    path = inbox.drop("talk.wav")
    async with inbox.watched() as ledger:
        await until(lambda: stages(ledger) == {"talk.wav": Stage.ANNOUNCED})
    long_ago = time.time() - 86_400
    before = path.stat()
    os.utime(path, ns=(int(long_ago * 1e9), before.st_mtime_ns))  # a read would bring the access time forward
    async with inbox.watched() as ledger:
        await asyncio.sleep(3)
    assert path.stat().st_atime < before.st_mtime


@pytest.mark.lesson("L12")
async def test_while_the_store_is_away_files_wait_and_are_taken_when_it_is_back(
    inbox: Inbox, s3_settings: S3Settings, s3_proxy: FaultProxy
) -> None:
    behind_proxy = ObjectStore(s3_settings.model_copy(update={"endpoint": s3_proxy.address}))
    s3_proxy.refuse()
    inbox.drop("talk.wav")
    async with inbox.watched(behind_proxy) as ledger:
        await asyncio.sleep(2)
        assert stages(ledger) == {}
        s3_proxy.resume()
        await until(lambda: stages(ledger) == {"talk.wav": Stage.ANNOUNCED})
    (event,) = await inbox.ingested()
    assert inbox.store.get(event.audio_key) == WAV.read_bytes()


async def test_a_refused_file_that_is_replaced_by_a_good_one_is_taken(inbox: Inbox) -> None:
    path = inbox.drop("talk.wav", b"no sound")
    async with inbox.watched() as ledger:
        await until(lambda: stages(ledger) == {"talk.wav": Stage.REFUSED})
        assert (inbox.path / "talk.wav.reason.json").exists()
        path.write_bytes(WAV.read_bytes())
        await until(lambda: stages(ledger) == {"talk.wav": Stage.ANNOUNCED})
        entry = ledger.get("talk.wav")
        assert entry is not None
        inbox.store.put(str(entry.outcome_key), encode(TRANSCRIPT))
        await until(lambda: stages(ledger) == {"talk.wav": Stage.DONE})
    assert not (inbox.path / "talk.wav.reason.json").exists()
