"""Corpora that lie in archives with their texts, beside what was transcribed."""

import json
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from ai2text.audio.sandbox import Sandbox
from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.definition import (
    Audio,
    Choice,
    Codec,
    Definition,
    ForeignManifest,
    Format,
    Limits,
    Segmentation,
    Selection,
)
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.errors import Misconfigured, ObjectNotFound, StoreUnavailable
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.common.settings import S3Settings
from ai2text.training_orchestrator.archives import Archive, Archives
from ai2text.training_orchestrator.catalogue import Catalogue
from ai2text.training_orchestrator.dataset import ForeignReport, VersionOutcome
from tests.fixtures.datasets import Orchestrator, orchestrating
from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.sounds import decoded, frames_of, recorded
from tests.fixtures.transcribed import transcribed
from tests.integration.audio.media import make

RATE_HZ = 16_000
WHO = Caller(tenant="default", subject="cli", scopes=frozenset(), request_id="r")


@dataclass(slots=True)
class Prepared(Catalogue):
    recordings: list[TranscribedRecording]

    async def transcribed(
        self, _: str, __: str, ___: float | None = None
    ) -> AsyncGenerator[TranscribedRecording, None]:
        for recording in self.recordings:
            yield recording


@dataclass(frozen=True)
class Corpus:
    """A bucket of somebody else's, of which a tenant may read what is below speech/."""

    objects: ObjectStore
    own: S3Settings
    store: ObjectStore
    broker: Broker
    sandbox: Sandbox

    def put(self, key: str, content: bytes) -> None:
        self.objects.put(key, content, "application/octet-stream")

    def put_manifest(self, key: str, lines: Iterable[dict[str, Any] | str]) -> str:
        written = (line if isinstance(line, str) else json.dumps(line) for line in lines)
        self.put(key, "".join(f"{line}\n" for line in written).encode())
        return f"s3://{self.objects.bucket}/{key}"

    def orchestrator(self, *recordings: TranscribedRecording, **archive: Any) -> Orchestrator:
        options = {"name": "corpora", "bucket": self.objects.bucket, "prefix": "speech/", **archive}
        archives = Archives([Archive(**options)], self.own)
        return orchestrating(self.store, Prepared(list(recordings)), self.broker, self.sandbox, archives=archives)

    def lines(self, outcome: VersionOutcome, path: str = "train_manifest.json") -> list[dict[str, Any]]:
        (file,) = [one for one in outcome.files if one.path == path]
        return [json.loads(line) for line in self.store.read(file.key, 0, file.bytes).splitlines()]


@pytest.fixture
def corpus(object_store: ObjectStore, s3_settings: S3Settings, broker: Broker, sandbox: Sandbox) -> Corpus:
    objects = ObjectStore(s3_settings.model_copy(update={"bucket": f"corpus-{uuid4()}"}))
    objects.make_ready()
    return Corpus(objects, s3_settings, object_store, broker, sandbox)


def definition(*manifests: str, language: str | None = "en", **changes: Any) -> Definition:
    foreign = tuple(ForeignManifest(manifest=one, language=language, speaker_prefix="c-") for one in manifests)
    return Definition(name="mixed", foreign=foreign, **changes)


def report_of(outcome: VersionOutcome) -> ForeignReport:
    assert outcome.report is not None
    assert outcome.report.foreign is not None
    return outcome.report.foreign


def code_of(outcome: VersionOutcome) -> str:
    assert outcome.error is not None
    return outcome.error.code


@pytest.mark.lesson("L01")
async def test_l01_a_corpus_joins_what_was_transcribed_with_durations_that_were_measured(corpus: Corpus) -> None:
    corpus.put("speech/de/audio/one.flac", make("flac", 2.5))
    corpus.put("speech/zwei.mp3", make("mp3", 4.0))
    elsewhere = f"s3://{corpus.objects.bucket}/speech/zwei.mp3"
    manifest = corpus.put_manifest(
        "speech/de/train.jsonl",
        [
            {
                "audio_filepath": "audio/one.flac",
                "text": "Guten Morgen.",
                "duration": 99.0,
                "lang": "de",
                "speaker": 12,
            },
            {"audio_filepath": elsewhere, "text": "Good night.", "duration": 0.1},
        ],
    )
    outcome = await corpus.orchestrator(transcribed("own")).build(definition(manifest))
    assert outcome.status is DatasetStatus.PUBLISHED, outcome.error
    rows = {row["text"]: row for row in corpus.lines(outcome)}
    assert rows.keys() == {"Good morning.", "Guten Morgen.", "Good night."}
    german, english = rows["Guten Morgen."], rows["Good night."]
    assert german["audio_filepath"] == f"s3://{corpus.objects.bucket}/speech/de/audio/one.flac"
    assert (german["duration"], german["lang"], german["speaker"]) == (2.5, "de", "c-12")
    assert (english["audio_filepath"], english["duration"], english["lang"]) == (elsewhere, 4.0, "en")
    assert "offset" not in german
    found = report_of(outcome)
    pinned = corpus.objects.stat("speech/de/train.jsonl")
    (read,) = found.manifests
    assert (read.etag, read.bytes, read.lines) == (pinned.etag, pinned.size_bytes, 2)
    assert (found.lines, found.left_out, found.broken) == (2, {}, ())
    references = corpus.store.get(outcome.references_key or "").splitlines()
    assert [json.loads(line)["recording_id"] for line in references] == [transcribed("own").recording_id]


@pytest.mark.lesson("L02")
async def test_l02_a_broken_line_is_told_with_its_place_and_reason_and_the_rest_goes_on(corpus: Corpus) -> None:
    corpus.put("speech/one.wav", make("wav", 2.0))
    corpus.put("speech/cut.flac", make("flac", 20.0)[:30_000])
    right = {"audio_filepath": "one.wav", "text": "Right.", "lang": "en"}
    manifest = corpus.put_manifest(
        "speech/train.jsonl",
        [
            '{"audio_filepath": "one.wav", "text": "Rig',
            "[1, 2]",
            {"text": "No file."},
            {**right, "audio_filepath": "../secret.wav"},
            {**right, "audio_filepath": "/etc/passwd"},
            {**right, "audio_filepath": "s3://another-bucket/speech/one.wav"},
            {**right, "audio_filepath": f"s3://{corpus.objects.bucket}/private/one.wav"},
            {**right, "offset": -1},
            {**right, "audio_filepath": "missing.wav"},
            {**right, "audio_filepath": "cut.flac"},
            {**right, "lang": None},
            {**right, "_skipme": 1},
            {**right, "offset": 0.5, "duration": 1.0},
            {**right, "offset": 0.5, "duration": 30.0},
            "",
            right,
            right,
        ],
    )
    outcome = await corpus.orchestrator().build(definition(manifest, language=None))
    assert [row["text"] for row in corpus.lines(outcome)] == ["Right."]
    found = report_of(outcome)
    assert {(one.line, one.code) for one in found.broken} == {
        (1, "not_json"),
        (2, "not_json"),
        (3, "invalid_field"),
        (4, "invalid_location"),
        (5, "invalid_location"),
        (6, "not_in_archive"),
        (7, "not_in_archive"),
        (8, "invalid_field"),
        (9, "missing"),
        (10, "truncated"),
        (11, "no_language"),
        (12, "skipme"),
        (13, "part_of_recording"),
        (14, "beyond_the_end"),
        (17, "listed_twice"),
    }
    assert {one.manifest for one in found.broken} == {manifest}
    assert (found.lines, sum(found.left_out.values())) == (16, 15)


async def test_a_manifest_that_is_not_there_fails_the_version_with_its_name(corpus: Corpus) -> None:
    for path, code in (("speech/none.jsonl", "manifest_missing"), ("private/none.jsonl", "not_in_archive")):
        outcome = await corpus.orchestrator().build(definition(f"s3://{corpus.objects.bucket}/{path}"))
        assert outcome.status is DatasetStatus.FAILED
        assert code_of(outcome) == code
        assert outcome.error is not None
        assert path in outcome.error.detail


async def test_nobody_reads_the_archive_of_another_tenant(corpus: Corpus) -> None:
    corpus.put("speech/one.wav", make("wav", 2.0))
    manifest = corpus.put_manifest("speech/train.jsonl", [{"audio_filepath": "one.wav", "text": "Secret."}])
    outcome = await corpus.orchestrator().build(definition(manifest), tenant="others")
    assert code_of(outcome) == "not_in_archive"
    assert (await corpus.orchestrator(tenant="others").build(definition(manifest), tenant="others")).error is None


def test_the_bucket_of_all_tenants_is_no_archive(s3_settings: S3Settings) -> None:
    with pytest.raises(Misconfigured, match="the installation's own bucket"):
        Archives([Archive(name="own", bucket=s3_settings.bucket)], s3_settings)


async def test_stretches_of_a_recording_are_cut_out_of_the_archive_and_once_more_to_the_same_bytes(
    corpus: Corpus,
) -> None:
    frames = frames_of(3, RATE_HZ, 1, "s16")
    corpus.put("speech/long.wav", recorded("wav", "pcm_s16le", RATE_HZ, frames))
    about = {"audio_filepath": "long.wav", "lang": "en", "speaker": "Ada"}
    spans = [(0.25, 0.5, "One."), (1.0, 0.75, "Two."), (2.5, 0.5, "Three.")]
    manifest = corpus.put_manifest(
        "speech/train.jsonl", [{**about, "offset": o, "duration": d, "text": t} for o, d, t in spans]
    )
    orchestrator = corpus.orchestrator()
    asked = definition(
        manifest,
        segmentation=Segmentation.SEGMENTS,
        audio=Audio(codec=Codec.FLAC),
        formats=(Format.NEMO, Format.WEBDATASET),
    )
    outcome = await orchestrator.build(asked)
    assert outcome.status is DatasetStatus.PUBLISHED, outcome.error
    rows = corpus.lines(outcome)
    listed = {file.path: file for file in orchestrator.assemble.files.audio(outcome)}
    for row, (start, length, text) in zip(rows, spans, strict=True):
        content = corpus.store.get(listed[row["audio_filepath"]].key)
        first = round(start * RATE_HZ)
        assert row["text"] == text
        assert np.array_equal(decoded(content, "s16"), frames[first : first + round(length * RATE_HZ)])
    rebuilt = await _rebuilt(orchestrator)
    assert rebuilt is None
    corpus.put("speech/long.wav", recorded("wav", "pcm_s16le", RATE_HZ, frames[::-1]))
    assert await _rebuilt(orchestrator) == "foreign_changed"


async def test_a_rebuild_notices_that_audio_it_only_names_was_overwritten_or_taken_away(corpus: Corpus) -> None:
    corpus.put("speech/one.wav", make("wav", 2.0))
    manifest = corpus.put_manifest("speech/train.jsonl", [{"audio_filepath": "one.wav", "text": "One."}])
    orchestrator = corpus.orchestrator()
    assert (await orchestrator.build(definition(manifest))).status is DatasetStatus.PUBLISHED
    assert await _rebuilt(orchestrator) is None
    corpus.put("speech/one.wav", make("wav", 3.0))
    assert await _rebuilt(orchestrator) == "foreign_changed"
    corpus.objects.delete("speech/one.wav")
    assert await _rebuilt(orchestrator) == "foreign_changed"


async def _rebuilt(orchestrator: Orchestrator) -> str | None:
    """The code of what went wrong."""
    claim = orchestrator.assemble.versions.find_claim("default", "mixed", 1)
    assert claim is not None
    rebuild = await orchestrator.requests.request_rebuild(WHO, claim)
    await orchestrator.work()
    outcome = orchestrator.rebuild.rebuilds.find_outcome(claim, rebuild.number)
    assert outcome is not None
    return outcome.error.code if outcome.error else None


async def test_an_archive_that_is_away_is_waited_for(
    corpus: Corpus, s3_proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        corpus.put(f"speech/{number}.wav", make("wav", 1.0))
    manifest = corpus.put_manifest(
        "speech/train.jsonl", [{"audio_filepath": f"{n}.wav", "text": f"Number {n}."} for n in range(40)]
    )
    monkeypatch.setenv("AI2TEXT_ARCHIVE_ACCESS", corpus.own.access_key)
    monkeypatch.setenv("AI2TEXT_ARCHIVE_SECRET", corpus.own.secret_key.get_secret_value())
    orchestrator = corpus.orchestrator(
        endpoint=s3_proxy.address,
        secure=False,
        access_key="env:AI2TEXT_ARCHIVE_ACCESS",
        secret_key="env:AI2TEXT_ARCHIVE_SECRET",
    )
    claim = await orchestrator.requests.request_dataset(WHO, definition(manifest))
    s3_proxy.refuse()
    with pytest.raises(StoreUnavailable):
        await orchestrator.assemble.plan.plan_version(claim, 1)
    with pytest.raises(ObjectNotFound):
        orchestrator.assemble.plans.find(claim, 1)
    s3_proxy.resume()
    await orchestrator.work()
    outcome = orchestrator.assemble.versions.find_outcome("default", "mixed", 1)
    assert outcome is not None
    assert len(corpus.lines(outcome)) == 40


async def test_rules_and_splits_hold_for_a_corpus_as_for_the_catalogue(corpus: Corpus) -> None:
    for number in range(30):
        corpus.put(f"speech/{number}.wav", make("wav", 1.0 + number / 10))
    manifest = corpus.put_manifest(
        "speech/train.jsonl",
        [
            {
                "audio_filepath": f"{n}.wav",
                "text": f"Number {n}.",
                "speaker": f"{n % 6}",
                "lang": "de" if n % 2 else "en",
            }
            for n in range(30)
        ],
    )
    asked = definition(
        manifest,
        splits={"train": 0.6, "test": 0.4},
        selection=Selection(
            languages=Choice(any=("en",)), duration_seconds=Limits(max=3.0), speakers=Choice(none=("c-4",))
        ),
        allow_empty_splits=True,
        formats=(Format.NEMO, Format.LHOTSE),
    )
    outcome = await corpus.orchestrator().build(asked)
    rows = {split: corpus.lines(outcome, f"{split}_manifest.json") for split in ("train", "test")}
    speakers = {split: {row["speaker"] for row in found} for split, found in rows.items()}
    assert not speakers["train"] & speakers["test"]
    assert speakers["train"] | speakers["test"] == {"c-0", "c-2"}
    assert outcome.report is not None
    assert {rule: amount.rows for rule, amount in outcome.report.left_out.items()} == {
        "language": 15,
        "speaker": 5,
        "duration": 2,
    }
    assert outcome.report.rows == 8
