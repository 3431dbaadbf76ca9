"""A recording is erased that lies in a watched bucket: it and what we wrote beside it go, what is its owner's stays."""

import asyncio

import pytest

from ai2text.common.contracts import identity
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.settings import S3Settings
from ai2text.ingestion.bucket_ledger import BucketLedger
from ai2text.ingestion.watched_buckets import WatchedBucket
from tests.fixtures.archive import DEADLINE_SECONDS, WAV, Archive, settled, transcribe, until, variant
from tests.fixtures.erasure import entomb, erased, keep_versions, versions


@pytest.fixture
def bucket(archive: Archive) -> S3Settings:
    """The owner's, which keeps versions."""
    settings = archive.settings.model_copy(update={"bucket": archive.bucket})
    keep_versions(settings)
    return settings


def ledger_of(archive: Archive) -> BucketLedger:
    return BucketLedger(archive.state / f"bucket-archive-{archive.bucket}.sqlite3")


async def erase(archive: Archive, event: RecordingIngested, publication: int = 0) -> None:
    await asyncio.to_thread(entomb, archive.store, event.recording_id)
    await archive.broker.publish(erased(event.recording_id, publication=publication))


async def with_text(archive: Archive, wired: WatchedBucket, count: int = 1) -> RecordingIngested:
    """The last one of so many that were taken in, when its text stands beside it."""
    event = (await archive.until_ingested(count))[-1]
    await transcribe(archive, event)
    await until(lambda: wired.watch.status().awaiting_sidecars == 0)
    await settled(wired)
    return event


def stood(bucket: S3Settings) -> set[str]:
    return {key for key in versions(bucket) if not key.startswith(".ai2text/")}


async def test_an_object_goes_in_all_versions_with_what_we_wrote_beside_it(
    archive: Archive, bucket: S3Settings
) -> None:
    archive.objects.put("calls/talk.wav", WAV)
    archive.objects.put("calls/notes.txt", b"mine")
    async with archive.watched(sidecars=("txt", "srt")) as wired:
        event = await with_text(archive, wired)
        archive.objects.put("calls/talk.txt", b"edited by its owner")
        await erase(archive, event)
        await until(lambda: archive.listed() == ["calls/notes.txt", "calls/talk.txt"])
        await until(lambda: ledger_of(archive).of_recording(event.recording_id) == [])
        archive.objects.put("calls/talk.wav", WAV)
        await until(lambda: "calls/talk.wav.reason.json" in archive.listed())
        await settled(wired)
    assert archive.objects.get("calls/talk.txt") == b"edited by its owner"
    assert b'"erased"' in archive.objects.get("calls/talk.wav.reason.json")
    assert versions(bucket, "calls/talk.srt") == []
    assert [rejected.reason.code for rejected in await archive.rejected()] == ["erased"]
    assert list(archive.store.list("default/staging/")) == []


async def test_another_version_of_its_owners_stays_and_does_not_come_forth(
    archive: Archive, bucket: S3Settings
) -> None:
    archive.objects.put("talk.wav", variant(1))
    async with archive.watched(sidecars=()) as wired:
        await archive.until_ingested(1)
        archive.objects.put("talk.wav", WAV)
        event = await with_text(archive, wired, 2)
        await erase(archive, event)
        await until(lambda: archive.listed() == [])
        await settled(wired)
    assert versions(bucket, "talk.wav") == ["talk.wav", "talk.wav"], "the other version, and the mark of a deletion"
    assert len(await archive.ingested()) == 2


async def test_objects_that_were_moved_go_from_where_they_lie_also_long_after(
    archive: Archive, bucket: S3Settings
) -> None:
    archive.objects.put("talk.wav", WAV)
    async with archive.watched(disposition="move") as wired:
        first = await with_text(archive, wired)
        archive.objects.put("talk.wav", variant(1))
        second = await with_text(archive, wired, 2)
        assert len([key for key in archive.listed() if key.endswith(".wav")]) == 2
    async with archive.watched(disposition="move") as wired:
        await settled(wired)
        await erase(archive, first)
        await until(lambda: ledger_of(archive).of_recording(first.recording_id) == [])
        assert sorted(archive.listed()) == sorted(key for key in archive.listed() if "talk-" in key)
        assert len(archive.listed()) == 3
        await erase(archive, second)
        await until(lambda: stood(bucket) == set())


async def test_what_stands_for_an_object_that_was_deleted_goes(archive: Archive, bucket: S3Settings) -> None:
    archive.objects.put("talk.wav", WAV)
    async with archive.watched(disposition="delete") as wired:
        event = await with_text(archive, wired)
        assert archive.listed() == ["talk.srt", "talk.txt"]
    async with archive.watched(disposition="delete") as wired:
        await settled(wired)
        await erase(archive, event)
        await until(lambda: stood(bucket) == set())


async def test_an_object_joins_the_life_that_an_upload_began_and_an_older_erasure_does_not_touch_it(
    archive: Archive,
) -> None:
    archive.objects.put("talk.wav", WAV)
    async with archive.watched() as wired:
        first = await with_text(archive, wired)
        await erase(archive, first)
        await until(lambda: archive.listed() == [])
        archive.store.put(identity.audio_key("default", first.sha256, 1), WAV)
        archive.objects.put("talk.wav", WAV)
        second = await with_text(archive, wired, 2)
        assert second.first_job.generation == 1
        assert second.audio_key != first.audio_key
        stands = archive.listed()
        await erase(archive, first, publication=1)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await archive.broker.jetstream.consumer_info("EVENTS", "ingestion-archive")).num_pending:
                await asyncio.sleep(0.05)
        await settled(wired)
        assert archive.listed() == stands == ["talk.srt", "talk.txt", "talk.wav"]
        assert archive.store.get(second.audio_key) == WAV
