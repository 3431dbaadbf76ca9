"""A watched bucket with the real broker, store and sandbox; objects are put by an ordinary S3 client.

Notifications are published in MinIO's documented form beside the real S3 server: see `tests.fixtures.notifications`.
"""

import asyncio
import io
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY

from ai2text.common import subjects
from ai2text.common.clock import utc_now
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.contracts.revisions import TranscriptCorrected
from ai2text.common.errors import ObjectChanged
from ai2text.common.problems import answer_errors_as_problems
from ai2text.ingestion.bucket_hooks import hooks_router
from ai2text.ingestion.catalogue import Catalogue
from ai2text.ingestion.stage_object import StageObject
from tests.fixtures.archive import DEADLINE_SECONDS, NEVER, SUBJECT, WAV, Archive, settled, transcribe, until, variant
from tests.fixtures.examples import CANCELLATION
from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.inside import KEY
from tests.fixtures.notifications import notification


def elsewhere(archive: Archive, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The same server under another address, so that its objects have to pass through here."""
    monkeypatch.setenv("ARCHIVE_SECRET", archive.settings.secret_key.get_secret_value())
    monkeypatch.setenv("ARCHIVE_ACCESS", archive.settings.access_key)
    keys = {"access_key": "env:ARCHIVE_ACCESS", "secret_key": "env:ARCHIVE_SECRET"}
    return {"endpoint": proxy.address, "secure": False, **keys}


async def test_objects_that_were_there_before_are_found_by_the_first_listing(archive: Archive) -> None:
    archive.objects.put("calls/a b+ä.wav", WAV)
    archive.objects.put("notes.txt", b"no recording")
    async with archive.watched(list_seconds=NEVER, tags=("archive",), tags_from_folders=True):
        (event,) = await archive.until_ingested(1)
    assert (event.source.kind, event.source.place, event.source.name) == ("bucket", archive.bucket, "calls/a b+ä.wav")
    assert event.tags == ("archive", "calls")
    assert archive.store.get(event.audio_key) == WAV
    assert decode(RecordingIngested, archive.store.get(event.facts_key)) == event
    assert list(archive.store.list("default/staging/")) == []
    assert archive.listed() == ["calls/a b+ä.wav", "notes.txt"]


@pytest.mark.lesson("L09")
async def test_l09_a_notification_leads_to_the_object_without_any_listing(archive: Archive) -> None:
    async with archive.watched(list_seconds=NEVER, nats_subject=SUBJECT) as wired:
        await settled(wired)
        archive.objects.put("two words/ä+ü.wav", WAV)
        await archive.notify("two words/ä+ü.wav")
        (event,) = await archive.until_ingested(1)
    assert event.source.name == "two words/ä+ü.wav"


@pytest.mark.slow
async def test_an_object_on_another_server_passes_through_and_is_the_same(
    archive: Archive, s3_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = WAV + bytes(20 << 20)
    archive.objects.put_stream("large.wav", io.BytesIO(content), len(content), "audio/wav")
    async with archive.watched(**elsewhere(archive, s3_proxy, monkeypatch)):
        (event,) = await archive.until_ingested(1)
    assert archive.store.get(event.audio_key) == content


async def test_notifications_lost_doubled_reordered_and_too_early_make_each_recording_once(archive: Archive) -> None:
    async with archive.watched(nats_subject=SUBJECT) as wired:
        await archive.notify("deleted.wav", "2.wav", "1.wav")
        for number in range(6):
            archive.objects.put(f"{number}.wav", variant(number))
        archive.objects.put("deleted.wav", variant(9))
        archive.objects.delete("deleted.wav")
        await archive.notify("3.wav", "3.wav", "1.wav", "3.wav", "deleted.wav", "0.wav")
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(events := await kept(archive)) < 6:
                await asyncio.sleep(0.05)
        await settled(wired)
    assert events == await kept(archive)
    assert sorted(event.source.name for event in events) == [f"{number}.wav" for number in range(6)]
    assert len({event.recording_id for event in events}) == 6
    requested = (await archive.broker.jetstream.stream_info(subjects.WORK)).state.messages
    assert requested == len(await archive.ingested())


async def kept(archive: Archive) -> list[RecordingIngested]:
    """Without the one that may have been seen before it was deleted."""
    return [event for event in await archive.ingested() if event.source.name != "deleted.wav"]


async def test_an_object_that_is_overwritten_again_and_again_is_never_a_mixture(archive: Archive) -> None:
    versions = [variant(number) for number in range(12)]
    async with archive.watched(nats_subject=SUBJECT) as wired:
        for content in versions:
            await asyncio.to_thread(archive.objects.put, "talk.wav", content)
            await archive.notify("talk.wav")
            await asyncio.sleep(0.05)
        last = {variant(11)}
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not last & {archive.store.get(event.audio_key) for event in await archive.ingested()}:
                await asyncio.sleep(0.1)
        await settled(wired)
    taken = [archive.store.get(event.audio_key) for event in await archive.ingested()]
    assert set(taken) <= set(versions)
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize("same_server", [True, False], ids=["copied", "streamed"])
def test_an_object_that_is_overwritten_after_it_was_seen_is_not_staged(archive: Archive, *, same_server: bool) -> None:
    archive.objects.put("talk.wav", variant(1))
    seen = archive.objects.stat("talk.wav")
    archive.objects.put("talk.wav", variant(2))
    staging = StageObject(archive.store, archive.objects, archive.bucket if same_server else None)
    with pytest.raises(ObjectChanged):
        staging.stage_object(seen, "default/staging/x/object")


def counted(operation: str) -> float:
    return REGISTRY.get_sample_value("ai2text_store_seconds_count", {"operation": operation}) or 0.0


async def test_an_unchanged_bucket_is_listed_without_reading_a_byte_of_it(archive: Archive) -> None:
    for number in range(5):
        archive.objects.put(f"{number}.wav", variant(number))
    async with archive.watched(sidecars=()) as wired:
        await archive.until_ingested(5)
        await settled(wired)
    before = counted("compose")
    async with archive.watched(sidecars=()) as wired:
        listed = counted("list")
        await until(lambda: counted("list") >= listed + 3)
        assert wired.watch.status().working == 0
    assert counted("compose") == before
    assert len(await archive.ingested()) == 5


async def test_parts_that_are_no_object_yet_are_never_seen(archive: Archive) -> None:
    client = archive.objects._client  # noqa: SLF001 - minio-py has no public call that leaves an upload open
    upload_id = client._create_multipart_upload(archive.bucket, "half.wav", {})  # noqa: SLF001
    client._upload_part(archive.bucket, "half.wav", WAV, {}, upload_id, 1)  # noqa: SLF001
    archive.objects.put("whole.wav", WAV)
    async with archive.watched(nats_subject=SUBJECT) as wired:
        await archive.notify("half.wav")
        (event,) = await archive.until_ingested(1)
        await settled(wired)
    assert event.source.name == "whole.wav"


@pytest.mark.lesson("L11")
async def test_a_refused_object_says_why_beside_it_and_a_good_one_after_it_removes_that(archive: Archive) -> None:
    archive.objects.put("talk.wav", b"no sound")
    async with archive.watched() as wired:
        await until(lambda: "talk.wav.reason.json" in archive.listed())
        assert b'"not_audio"' in archive.objects.get("talk.wav.reason.json")
        archive.objects.put("talk.wav", WAV)
        (event,) = await archive.until_ingested(1)
        await transcribe(archive, event)
        await until(lambda: archive.listed() == ["talk.srt", "talk.txt", "talk.wav"])
        await settled(wired)
    (rejected,) = await archive.rejected()
    assert (rejected.source.kind, rejected.reason.code) == ("bucket", "not_audio")


async def test_the_reason_of_a_refused_object_does_not_outlive_it_where_objects_are_moved(archive: Archive) -> None:
    archive.objects.put("talk.wav", b"no sound")
    async with archive.watched(disposition="move") as wired:
        await until(lambda: "talk.wav.reason.json" in archive.listed())
        archive.objects.put("talk.wav", WAV)
        await until(lambda: archive.listed() == ["done/talk.wav"])
        await settled(wired)


async def test_sidecars_are_written_beside_and_never_over_what_is_somebody_elses(archive: Archive) -> None:
    archive.objects.put("a/talk.wav", WAV)
    archive.objects.put("a/talk.txt", b"my own notes")
    archive.objects.put("a/talk.wav.reason.json", b"my own reasons")
    async with archive.watched(sidecars=("txt", "vtt", "json"), list_seconds=NEVER):
        (event,) = await archive.until_ingested(1)
        await transcribe(archive, event)
        await until(lambda: len(archive.listed()) == 6)
    assert archive.objects.get("a/talk.txt") == b"my own notes"
    assert archive.objects.get("a/talk.wav.reason.json") == b"my own reasons"
    assert archive.objects.get("a/talk.wav.txt")
    assert archive.objects.get("a/talk.vtt").startswith(b"WEBVTT")
    assert archive.objects.get("a/talk.json").startswith(b"{")


async def test_sidecars_that_their_owner_removed_are_restored_by_the_next_listing(archive: Archive) -> None:
    archive.objects.put("good.wav", WAV)
    archive.objects.put("bad.wav", b"no sound")
    all_of_them = ["bad.wav", "bad.wav.reason.json", "good.srt", "good.txt", "good.wav"]
    async with archive.watched() as wired:
        (event,) = await archive.until_ingested(1)
        await transcribe(archive, event)
        await until(lambda: archive.listed() == all_of_them)
        archive.objects.delete("good.srt")
        archive.objects.delete("bad.wav.reason.json")
        await until(lambda: archive.listed() == all_of_them)
        await settled(wired)
    assert len(await archive.ingested()) == 1


async def test_a_correction_rewrites_what_stands_beside_an_object(archive: Archive) -> None:
    seen = {"revision": 2, "language": "en", "model": "ear", "text": "Potatoes.", "etag": "x"}
    segments = [{"id": "s", "start": 0.0, "end": 1.0, "text": "Potatoes.", "speaker": None, "words": []}]
    metadata = FastAPI()

    @metadata.get("/v1/recordings/{recording_id}/transcript")
    async def transcript(recording_id: str) -> dict[str, Any]:
        return {**seen, "recording_id": recording_id, "segments": segments}

    archive.objects.put("talk.wav", WAV)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(metadata), base_url="http://inside") as client:
        archive.catalogue = Catalogue(client, KEY)
        async with archive.watched():
            (event,) = await archive.until_ingested(1)
            await transcribe(archive, event)
            await until(lambda: archive.listed() == ["talk.srt", "talk.txt", "talk.wav"])
            key = identity.revision_key("default", event.recording_id, 2)
            archive.store.put(key, b"{}")
            await archive.broker.publish(
                TranscriptCorrected(
                    tenant="default",
                    recording_id=event.recording_id,
                    revision=2,
                    revision_key=key,
                    corrected_at=utc_now(),
                )
            )
            await until(lambda: archive.objects.get("talk.txt") == b"Potatoes.\n")
            await until(lambda: b"Potatoes." in archive.objects.get("talk.srt"))
            archive.objects.delete("talk.txt")
            await until(lambda: archive.objects.exists("talk.txt"))
            assert archive.objects.get("talk.txt") == b"Potatoes.\n"


async def test_sidecars_that_were_removed_together_with_their_object_stay_away(archive: Archive) -> None:
    archive.objects.put("talk.wav", WAV)
    async with archive.watched() as wired:
        (event,) = await archive.until_ingested(1)
        await transcribe(archive, event)
        await until(lambda: archive.listed() == ["talk.srt", "talk.txt", "talk.wav"])
        for key in ("talk.wav", "talk.srt"):
            archive.objects.delete(key)
        listed = counted("list")
        await until(lambda: counted("list") >= listed + 4)
        await settled(wired)
    assert archive.listed() == ["talk.txt"]


async def test_a_bucket_waits_for_the_outcomes_of_its_objects(archive: Archive) -> None:
    archive.objects.put("talk.wav", WAV)
    async with archive.watched(sidecars=()) as wired:
        (event,) = await archive.until_ingested(1)
        await settled(wired)
        assert wired.watch.status().awaiting_sidecars == 1
        await transcribe(archive, event)
        await until(lambda: wired.watch.status().awaiting_sidecars == 0)


async def test_a_cancelled_job_leaves_nothing_beside_its_object_and_nobody_waits_for_it(archive: Archive) -> None:
    archive.objects.put("talk.wav", WAV)
    async with archive.watched() as wired:
        (event,) = await archive.until_ingested(1)
        archive.store.put(event.first_job.outcome_key, encode(CANCELLATION))
        await until(lambda: wired.watch.status().reconciled and wired.watch.status().awaiting_sidecars == 0)
    assert archive.listed() == ["talk.wav"]


async def test_without_sidecars_nothing_is_written_into_the_bucket(archive: Archive) -> None:
    archive.objects.put("bad.wav", b"no sound")
    archive.objects.put("good.wav", WAV)
    async with archive.watched(sidecars=()) as wired:
        (event,) = await archive.until_ingested(1)
        await transcribe(archive, event)
        await settled(wired)
    assert len(await archive.rejected()) == 1
    assert archive.listed() == ["bad.wav", "good.wav"]


async def test_a_moved_object_lies_under_done_with_its_sidecars_and_is_not_taken_again(archive: Archive) -> None:
    archive.objects.put("in/a/talk.wav", WAV)
    archive.objects.put("in/done/a/talk.wav", b"somebody else's")
    async with archive.watched(prefix="in/", disposition="move") as wired:
        (event,) = await archive.until_ingested(1)
        await until(lambda: "in/a/talk.wav" not in archive.listed())
        await transcribe(archive, event)
        await until(lambda: len(archive.listed()) == 4)
        await settled(wired)
    (moved,) = [key for key in archive.listed() if key.endswith(".wav") and key != "in/done/a/talk.wav"]
    assert archive.objects.get(moved) == WAV
    assert archive.objects.get("in/done/a/talk.wav") == b"somebody else's"
    beside = {moved.replace(".wav", ending) for ending in (".srt", ".txt", ".wav")}
    assert set(archive.listed()) == {"in/done/a/talk.wav", *beside}
    assert len(await archive.ingested()) == 1


async def test_a_deleted_object_leaves_its_recording_and_its_sidecars(archive: Archive) -> None:
    archive.objects.put("talk.wav", WAV)
    archive.objects.put("bad.wav", b"no sound")
    async with archive.watched(disposition="delete"):
        (event,) = await archive.until_ingested(1)
        await until(lambda: "talk.wav" not in archive.listed())
        await transcribe(archive, event)
        await until(lambda: archive.listed() == ["bad.wav", "bad.wav.reason.json", "talk.srt", "talk.txt"])
    assert archive.store.get(event.audio_key) == WAV


async def test_a_hook_hears_whom_it_knows(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "only-minio-knows-this")
    async with archive.watched(hook_token="env:HOOK_TOKEN", list_seconds=NEVER) as wired:
        await settled(wired)
        assert wired.hook is not None
        app = FastAPI()
        answer_errors_as_problems(app)
        app.include_router(hooks_router({"archive": wired.hook}))
        archive.objects.put("talk.wav", WAV)
        said = notification(archive.bucket, "talk.wav")
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ingestion") as minio:
            known = {"Authorization": "Bearer only-minio-knows-this"}
            for headers, path in (({}, "archive"), ({"Authorization": "Bearer x"}, "archive"), (known, "other")):
                assert (await minio.post(f"/hooks/buckets/{path}", content=said, headers=headers)).status_code == 401
            assert (await minio.post("/hooks/buckets/archive", content=b"{", headers=known)).status_code == 422
            assert await archive.ingested() == []
            assert (await minio.post("/hooks/buckets/archive", content=said, headers=known)).status_code == 200
        await archive.until_ingested(1)


@pytest.mark.lesson("L12")
@pytest.mark.slow
async def test_while_a_server_is_away_for_twenty_seconds_objects_wait_and_are_taken_once(
    archive: Archive, s3_proxy: FaultProxy
) -> None:
    """Both the watched bucket and our store lie behind the proxy."""
    behind = archive.settings.model_copy(update={"endpoint": s3_proxy.address})
    async with archive.watched(behind, nats_subject=SUBJECT) as wired:
        await settled(wired)
        for number in range(20):
            archive.objects.put(f"{number}.wav", variant(number))
        await archive.notify(*(f"{number}.wav" for number in range(20)))
        await archive.until_ingested(3)
        await asyncio.to_thread(s3_proxy.refuse)
        await asyncio.sleep(20)
        assert wired.watch.status().away
        assert len(await archive.ingested()) < 20
        await asyncio.to_thread(s3_proxy.resume)
        events = await archive.until_ingested(20)
        await until(lambda: not wired.watch.status().away)
    assert sorted(event.source.name for event in events) == sorted(f"{number}.wav" for number in range(20))
    assert len({event.recording_id for event in await archive.ingested()}) == 20
