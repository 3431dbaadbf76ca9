"""Uploads in parts, what is staged, and the sweep, against the real S3 server."""

import asyncio
import hashlib
import io
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ai2text.audio.sandbox import Sandbox
from ai2text.common import subjects
from ai2text.common.ask import UploadSettings
from ai2text.common.clock import Clock, utc_now
from ai2text.common.errors import ObjectChanged, Refused
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore, StoredObject
from ai2text.common.settings import S3Settings
from ai2text.ingestion.complete_upload import CompleteUpload, Completion
from ai2text.ingestion.open_upload import OpenUpload
from ai2text.ingestion.receive_upload import ask_of
from ai2text.ingestion.recording import source_of
from ai2text.ingestion.settings import IngestionSettings
from ai2text.ingestion.store_recording import StoreRecording
from ai2text.ingestion.store_staged import StoreStaged
from ai2text.ingestion.sweep_staging import SweepStaging
from ai2text.ingestion.upload import Received, part_key
from ai2text.ingestion.uploads import ANSWER, Standing, UploadGone, Uploads
from tests.fixtures.stack import SAMPLES
from tests.fixtures.wide_wave import wide_wave

WAV = (SAMPLES / "01-the-weather-is-here.wav").read_bytes()
SETTINGS = UploadSettings()
DAY = timedelta(hours=24)


def later(by: timedelta) -> Clock:
    return lambda: utc_now() + by


def put_part(store: ObjectStore, standing: Standing, number: int, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    store.put(part_key(standing.prefix, number, len(content), digest), content)


@pytest.fixture
def storing(object_store: ObjectStore, shared_sandbox: Sandbox, tmp_path: Path) -> StoreStaged:
    own = IngestionSettings(state_dir=tmp_path)
    return StoreStaged(StoreRecording(own, object_store, shared_sandbox, utc_now), object_store)


async def opened(store: ObjectStore, tmp_path: Path, clock: Clock = utc_now) -> Standing:
    uploads = Uploads(store, DAY, clock)
    opening = OpenUpload(SETTINGS, IngestionSettings(state_dir=tmp_path), uploads, clock)
    return await opening.open_upload("t", "somebody", {"name": "x.wav"}, None, None)


def store_sample(storing: StoreStaged, staged: list[StoredObject]) -> str:
    ask = ask_of(SETTINGS, "t", "somebody", {})
    return storing.store_staged(ask, source_of(ask, "upload", "x.wav", None), staged, None).facts.audio_key


async def completed_by_two(store: ObjectStore, storing: StoreStaged, broker: Broker, upload_id: str) -> list[Received]:
    replicas = [CompleteUpload(SETTINGS, Uploads(store, DAY, utc_now), storing, broker) for _ in range(2)]
    return await asyncio.gather(*(replica.complete_upload("t", upload_id, Completion()) for replica in replicas))


async def test_two_replicas_that_complete_the_same_upload_make_one_recording(
    object_store: ObjectStore, storing: StoreStaged, broker: Broker, tmp_path: Path
) -> None:
    standing = await opened(object_store, tmp_path)
    content = b"".join(wide_wave(6 << 20))
    put_part(object_store, standing, 1, content[: 5 << 20])
    put_part(object_store, standing, 2, content[5 << 20 :])
    one, other = await completed_by_two(object_store, storing, broker, standing.upload.upload_id)
    assert (one.recording_id, one.job_id) == (other.recording_id, other.job_id)
    (audio,) = object_store.list("t/audio/")
    assert audio.key == f"t/audio/{hashlib.sha256(content).hexdigest()}"
    assert (await broker.jetstream.stream_info(subjects.WORK)).state.messages == 1


@pytest.mark.lesson("L13")
def test_l13_a_copy_that_nobody_vouched_for_is_hashed_and_made_again(
    object_store: ObjectStore, storing: StoreStaged
) -> None:
    """As a process leaves it that is killed between copying and checking, on a server that copies wrongly."""
    object_store.put("t/staging/s/object", WAV)
    wrong = bytes(len(WAV))
    object_store.put(f"t/audio/{hashlib.sha256(WAV).hexdigest()}", wrong)
    key = store_sample(storing, [object_store.stat("t/staging/s/object")])
    assert object_store.get(key) == WAV


@pytest.mark.lesson("L13")
def test_l13_a_server_that_copies_wrongly_stores_nothing(
    object_store: ObjectStore, shared_sandbox: Sandbox, tmp_path: Path, s3_settings: S3Settings
) -> None:
    class Careless(ObjectStore):
        def compose(self, key: str, sources: Sequence[StoredObject], bucket: str | None = None) -> None:
            assert bucket is None
            self.put(key, bytes(sum(source.size_bytes for source in sources)))

    store = Careless(s3_settings)
    own = StoreRecording(IngestionSettings(state_dir=tmp_path), store, shared_sandbox, utc_now)
    object_store.put("t/staging/s/object", WAV)
    with pytest.raises(ObjectChanged):
        store_sample(StoreStaged(own, store), [object_store.stat("t/staging/s/object")])
    assert list(object_store.list("t/audio/")) == []
    assert list(object_store.list("t/facts/")) == []


def test_what_is_overwritten_after_it_was_seen_is_never_taken(object_store: ObjectStore, storing: StoreStaged) -> None:
    object_store.put("t/staging/s/object", WAV)
    seen = object_store.stat("t/staging/s/object")
    object_store.put("t/staging/s/object", WAV + b"\0\0")
    with pytest.raises(ObjectChanged):
        store_sample(storing, [seen])


@pytest.mark.parametrize("content", [b"", b"no sound"])
def test_what_is_no_recording_is_refused_and_nothing_is_stored(
    object_store: ObjectStore, storing: StoreStaged, content: bytes
) -> None:
    object_store.put("t/staging/s/object", content)
    with pytest.raises(Refused):
        store_sample(storing, [object_store.stat("t/staging/s/object")])
    assert list(object_store.list("t/audio/")) == []


async def test_what_a_killed_process_left_empty_holds_no_upload_up(
    object_store: ObjectStore, storing: StoreStaged, broker: Broker, tmp_path: Path
) -> None:
    standing = await opened(object_store, tmp_path)
    put_part(object_store, standing, 1, WAV)
    object_store.put(f"{standing.prefix}{ANSWER}", b"")
    one, other = await completed_by_two(object_store, storing, broker, standing.upload.upload_id)
    assert one.recording_id == other.recording_id


def is_there(store: ObjectStore, standing: Standing, at: Callable[[], datetime]) -> bool:
    try:
        Uploads(store, DAY, at).find("t", standing.upload.upload_id)
    except UploadGone:
        return False
    return True


async def test_nobody_finds_an_upload_that_stood_still_and_the_sweep_comes_only_later(
    object_store: ObjectStore, tmp_path: Path
) -> None:
    standing = await opened(object_store, tmp_path)
    put_part(object_store, standing, 1, WAV)
    for hours, found, kept in ((23, True, True), (25, False, True), (31, False, False)):
        at = later(timedelta(hours=hours))
        assert is_there(object_store, standing, at) == found
        SweepStaging(object_store, DAY, at).sweep_staging()
        assert bool(list(object_store.list("t/staging/"))) == kept


async def test_the_sweep_leaves_everything_that_is_not_staged(object_store: ObjectStore, tmp_path: Path) -> None:
    standing = await opened(object_store, tmp_path)
    for key in ("t/audio/x", "t/facts/x/y/z.json", "t/outcomes/staging/x.json", "staging/x/y"):
        object_store.put(key, b"{}")
    SweepStaging(object_store, DAY, later(timedelta(days=400))).sweep_staging()
    kept = {found.key for found in object_store.list("")} - {".ai2text/fence-check"}
    assert kept == {"t/audio/x", "t/facts/x/y/z.json", "t/outcomes/staging/x.json", "staging/x/y"}
    assert not is_there(object_store, standing, utc_now)


@pytest.mark.parametrize(("key", "left"), [("t/audio/x", 0), ("t/staging/u/part", 0), ("t/other/x", 1)])
def test_parts_that_s3_never_made_an_object_of_are_swept_where_they_are_ours(
    object_store: ObjectStore, key: str, left: int
) -> None:
    class Killed(Exception):
        pass

    class Dying(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 10 << 20:
                raise Killed
            return super().read(size)

    store = object_store
    store._client._abort_multipart_upload = lambda *_: None  # type: ignore[method-assign]  # noqa: SLF001 - as SIGKILL
    with pytest.raises(Killed):
        store.put_stream(key, Dying(bytes(30 << 20)), 30 << 20, "audio/wav")
    del store._client._abort_multipart_upload  # noqa: SLF001
    assert [found.key for found in store.unfinished()] == [key]
    SweepStaging(store, DAY, later(timedelta(hours=29))).sweep_staging()
    assert len(list(store.unfinished())) == 1, "its writer may be at it still"
    SweepStaging(store, DAY, later(timedelta(hours=31))).sweep_staging()
    assert len(list(store.unfinished())) == left
