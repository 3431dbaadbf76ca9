"""A version whose audio is cut and packed: by shards that any worker takes, and always to the same bytes."""

import asyncio
import hashlib
import io
import tarfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ai2text.audio.sandbox import Sandbox
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.datasets import DatasetShardRequested, TranscribedRecording
from ai2text.common.contracts.definition import Audio, Codec, Definition, Format, Segmentation
from ai2text.common.contracts.erasure import Tombstone
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore, Readable
from ai2text.common.settings import S3Settings
from ai2text.training_orchestrator import dataset
from ai2text.training_orchestrator.catalogue import Catalogue
from ai2text.training_orchestrator.dataset import RebuildOutcome, VersionOutcome
from tests.fixtures.datasets import Orchestrator, orchestrating
from tests.fixtures.examples import NOW
from tests.fixtures.sounds import Frames, decoded, frames_of, recorded
from tests.fixtures.transcribed import Said, transcribed

RATE_HZ = 16_000
SAID: Sequence[Said] = [(0.125, 1.0, "One."), (1.0, 1.75, "Two."), (2.0, 2.5, "Three.")]
CUT = Definition(
    name="speech",
    segmentation=Segmentation.SEGMENTS,
    audio=Audio(codec=Codec.FLAC),
    formats=(Format.NEMO, Format.WEBDATASET),
)
WHO = Caller(tenant="default", subject="cli", scopes=frozenset(), request_id="r")


@dataclass(slots=True)
class Prepared(Catalogue):
    """The catalogue at one moment."""

    recordings: list[TranscribedRecording]

    async def transcribed(
        self, _: str, __: str, ___: float | None = None
    ) -> AsyncGenerator[TranscribedRecording, None]:
        for recording in sorted(self.recordings, key=lambda one: one.recording_id):
            yield recording


def sound(seed: int) -> Frames:
    return np.roll(frames_of(3, RATE_HZ, 1, "s16"), 777 * seed, axis=0)


@pytest.fixture
def recordings(object_store: ObjectStore) -> list[TranscribedRecording]:
    """Three seconds each, in the store."""
    made = []
    for number in range(5):
        content = recorded("wav", "pcm_s16le", RATE_HZ, sound(number))
        sha256 = hashlib.sha256(content).hexdigest()
        key = identity.audio_key("default", sha256)
        object_store.put(key, content, "audio/wav")
        facts = {"sha256": sha256, "audio_key": key, "size_bytes": len(content), "duration_seconds": 3.0}
        made.append(transcribed(f"r{number}", SAID, **facts))
    return made


@pytest.fixture
def orchestrator(
    recordings: list[TranscribedRecording], object_store: ObjectStore, broker: Broker, sandbox: Sandbox
) -> Orchestrator:
    """Shards of one recording each."""
    return orchestrating(object_store, Prepared(recordings), broker, sandbox, shard_bytes=1)


def packed(store: ObjectStore, outcome: VersionOutcome) -> Iterator[tuple[str, bytes]]:
    for file in outcome.files:
        if file.path.endswith(".tar"):
            with tarfile.open(fileobj=io.BytesIO(store.get(file.key))) as tar:
                for member in tar:
                    opened = tar.extractfile(member)
                    assert opened is not None
                    yield member.name, opened.read()


async def test_each_shard_is_work_of_its_own_and_every_cut_is_the_span_to_the_sample(
    orchestrator: Orchestrator, object_store: ObjectStore, recordings: list[TranscribedRecording]
) -> None:
    await orchestrator.requests.request_dataset(WHO, CUT)
    done = await orchestrator.work()
    assert [(work.plan, work.shard) for work in done] == [(0, None), *((1, number) for number in range(5))]
    outcome = orchestrator.assemble.versions.find_outcome("default", "speech", 1)
    assert outcome is not None
    assert outcome.report is not None
    assert (outcome.status, outcome.report.rows) == (DatasetStatus.PUBLISHED, 15)
    assert {file.path for file in outcome.files} == {
        "train_manifest.json",
        *(f"webdataset/train-{number:06}.tar" for number in range(5)),
        "rows.jsonl",
        "README.md",
        "card.json",
        *(f"card/{name}.svg" for name in ("confidence", "languages", "lengths", "speakers")),
    }
    cuts = {name: content for name, content in packed(object_store, outcome) if name.endswith(".flac")}
    assert len(cuts) == 15
    listed = {file.path: file for file in orchestrator.assemble.files.audio(outcome)}
    for number, recording in enumerate(recordings):
        for start, end, *_ in SAID:
            span = f"{round(start * 1000):09}-{round(end * 1000):09}"
            expected = sound(number)[round(start * RATE_HZ) : round(end * RATE_HZ)]
            assert np.array_equal(decoded(cuts[f"{recording.recording_id}-{span}.flac"], "s16"), expected)
            by_path = listed[f"audio/{recording.recording_id}/{span}.flac"]
            assert object_store.get(by_path.key) == cuts[f"{recording.recording_id}-{span}.flac"]


async def test_workers_side_by_side_publish_one_version_and_leave_no_work_behind(
    orchestrator: Orchestrator,
    object_store: ObjectStore,
    recordings: list[TranscribedRecording],
    broker: Broker,
    sandbox: Sandbox,
) -> None:
    others = [orchestrating(object_store, Prepared(recordings), broker, sandbox, shard_bytes=1) for _ in range(2)]
    await orchestrator.requests.request_dataset(WHO, CUT)
    done = await asyncio.gather(*(one.work() for one in (orchestrator, *others)))
    assert sorted(work.shard for each in done for work in each if work.shard is not None) == list(range(5))
    outcome = orchestrator.assemble.versions.find_outcome("default", "speech", 1)
    assert outcome is not None
    assert outcome.status is DatasetStatus.PUBLISHED
    assert list(object_store.list("default/dataset-shards/")) == []
    kept = {found.key for found in object_store.list(dataset.files_prefix("default", "speech", 1))}
    assert kept == {
        outcome.references_key,
        outcome.sources_key,
        outcome.audio and outcome.audio.key,
        *(file.key for file in outcome.files),
    }


async def test_a_shard_that_comes_again_late_changes_nothing(
    orchestrator: Orchestrator, object_store: ObjectStore
) -> None:
    before = await orchestrator.build(CUT)
    stored = {found.key: found.etag for found in object_store.list("default/")}
    late = DatasetShardRequested(tenant="default", name="speech", version=1, plan=1, shard=3, requested_at=NOW)
    await orchestrator.assemble.assemble_dataset(late)
    assert orchestrator.assemble.versions.find_outcome("default", "speech", 1) == before
    assert {found.key: found.etag for found in object_store.list("default/")} == stored


async def test_what_was_lost_of_the_queue_is_asked_for_again_and_what_is_in_hand_is_not(
    orchestrator: Orchestrator, broker: Broker
) -> None:
    await orchestrator.requests.request_dataset(WHO, CUT)

    async def ask_again() -> list[DatasetShardRequested]:
        asking = asyncio.Event()
        task = asyncio.create_task(orchestrator.requests.request_unfinished(asking, 60))
        await asyncio.sleep(0.2)
        asking.set()
        await task
        return await orchestrator.work()

    assert [work.shard for work in await ask_again()] == [None, *range(5)], "asked for once"
    assert await ask_again() == []


@pytest.mark.parametrize("wanted", [CUT, replace(CUT, segmentation=Segmentation.RECORDINGS, audio=Audio())])
async def test_a_rebuild_is_the_same_bytes_after_the_catalogue_has_grown_and_brings_back_what_was_lost(
    orchestrator: Orchestrator, object_store: ObjectStore, recordings: list[TranscribedRecording], wanted: Definition
) -> None:
    before = await orchestrator.build(wanted)
    claim = orchestrator.assemble.versions.find_claim("default", "speech", 1)
    assert claim is not None
    lost = [file for file in before.files if file.path != "rows.jsonl"]
    for file in lost:
        object_store.erase(file.key)
    recordings[0] = replace(recordings[0], text="Another.", revision=2)
    recordings.append(replace(recordings[1], recording_id=identity.recording_id("default", "new")))
    for number in (1, 2):
        begun = await orchestrator.requests.request_rebuild(WHO, claim)
        await orchestrator.work()
        rebuilt = orchestrator.rebuild.rebuilds.find_outcome(claim, begun.number)
        assert rebuilt is not None
        assert (begun.number, rebuilt.status, rebuilt.error) == (number, DatasetStatus.PUBLISHED, None)
    for file in lost:
        assert hashlib.sha256(object_store.get(file.key)).hexdigest() == file.sha256
    assert list(object_store.list("default/dataset-shards/")) == []
    assert list(orchestrator.assemble.versions.unfinished()) == []


async def test_a_rebuild_that_comes_out_otherwise_names_the_files_and_leaves_the_version_as_it_is(
    orchestrator: Orchestrator, object_store: ObjectStore, recordings: list[TranscribedRecording]
) -> None:
    before = await orchestrator.build(CUT)
    claim = orchestrator.assemble.versions.find_claim("default", "speech", 1)
    assert claim is not None
    object_store.put(
        recordings[2].audio_key, recorded("wav", "pcm_s16le", RATE_HZ, sound(77)), "audio/wav"
    )  # somebody wrote over the original
    await orchestrator.requests.request_rebuild(WHO, claim)
    await orchestrator.work()
    rebuilt = orchestrator.rebuild.rebuilds.find_outcome(claim, 1)
    assert rebuilt is not None
    assert rebuilt.error is not None
    assert (rebuilt.status, rebuilt.error.code) == (DatasetStatus.FAILED, "differs")
    changed = sorted(one.recording_id for one in recordings).index(recordings[2].recording_id)
    assert f"webdataset/train-{changed:06}.tar" in rebuilt.error.detail
    assert "train_manifest.json" not in rebuilt.error.detail
    for file in before.files:
        assert hashlib.sha256(object_store.get(file.key)).hexdigest() == file.sha256


class Recorded(ObjectStore):
    """Remembers which keys it was told to write with content."""

    def __init__(self, settings: S3Settings) -> None:
        super().__init__(settings)
        self.keys: set[str] = set()

    def put(self, key: str, content: bytes, content_type: str = "application/json") -> None:
        if content:
            self.keys.add(key)
        super().put(key, content, content_type)

    def put_stream(self, key: str, source: Readable, size_bytes: int, content_type: str) -> None:
        if size_bytes:
            self.keys.add(key)
        super().put_stream(key, source, size_bytes, content_type)

    def put_first(self, key: str, content: bytes) -> bool:
        self.keys.add(key)
        return super().put_first(key, content)


async def test_what_killed_writers_left_empty_hides_nothing_and_holds_nothing_up(
    recordings: list[TranscribedRecording],
    object_store: ObjectStore,
    s3_settings: S3Settings,
    broker: Broker,
    sandbox: Sandbox,
) -> None:
    async def built_and_rebuilt(store: ObjectStore, name: str) -> tuple[dict[str, str], RebuildOutcome | None]:
        made = orchestrating(store, Prepared(recordings), broker, sandbox, shard_bytes=1)
        outcome = await made.build(replace(CUT, name=name))
        claim = made.assemble.versions.find_claim("default", name, 1)
        assert claim is not None
        begun = await made.requests.request_rebuild(WHO, claim)
        assert begun.number == 1
        await made.work()
        files = {file.path: file.sha256 for file in outcome.files if "card" not in file.path}
        return files, made.rebuild.rebuilds.find_outcome(claim, 1)

    recorded = Recorded(s3_settings)
    files, rebuilt = await built_and_rebuilt(recorded, "first")
    assert rebuilt == RebuildOutcome(status=DatasetStatus.PUBLISHED, ended_at=NOW)
    assert {key.split("/")[1] for key in recorded.keys} == {
        "cuts",
        "dataset-files",
        "dataset-plans",
        "dataset-rebuilds",
        "dataset-shards",
        "datasets",
        "datasets-assembled",
    }
    for key in recorded.keys:
        object_store.put(key.replace("/first/", "/again/"), b"")
    again, rebuilt_again = await built_and_rebuilt(object_store, "again")
    assert again | {"README.md": files["README.md"]} == files
    assert rebuilt_again == rebuilt


async def test_audio_that_is_gone_or_no_audio_fails_the_version_with_its_name(
    orchestrator: Orchestrator, object_store: ObjectStore, recordings: list[TranscribedRecording]
) -> None:
    object_store.erase(recordings[0].audio_key)
    outcome = await orchestrator.build(CUT)
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code) == (DatasetStatus.FAILED, "audio_missing")
    assert recordings[0].audio_key in outcome.error.detail
    object_store.put(recordings[0].audio_key, b"no sound at all." * 6005, "audio/wav")
    outcome = await orchestrator.build(CUT)
    assert outcome.error is not None
    assert recordings[0].recording_id in outcome.error.detail


async def test_a_recording_that_is_erased_while_it_is_cut_is_in_no_version_and_leaves_no_cut(
    orchestrator: Orchestrator, object_store: ObjectStore, recordings: list[TranscribedRecording]
) -> None:
    await orchestrator.requests.request_dataset(WHO, CUT)
    queue = orchestrator.assemble
    await queue.assemble_dataset(DatasetShardRequested(tenant="default", name="speech", version=1, requested_at=NOW))
    gone = recordings[4]
    tombstone = Tombstone(tenant="default", recording_id=gone.recording_id, next_life=1, erased_at=NOW)
    object_store.put(identity.tombstone_key("default", gone.recording_id), encode(tombstone))
    object_store.erase(gone.audio_key)
    await orchestrator.work()
    outcome = orchestrator.assemble.versions.find_outcome("default", "speech", 1)
    assert outcome is not None
    assert outcome.report is not None
    assert (outcome.status, outcome.report.rows, outcome.plan) == (DatasetStatus.PUBLISHED, 12, 2)
    assert list(object_store.list(identity.cuts_of("default", gone.recording_id))) == []
    for found in object_store.list("default/dataset"):
        assert gone.recording_id.encode() not in object_store.get(found.key)
