"""A version in every format, checked where it lies."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from ai2text.audio.sandbox import Sandbox
from ai2text.cli.check_dataset import READERS_PYTHON, check_format
from ai2text.cli.folder_content import FolderContent
from ai2text.common.contracts import identity
from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.definition import Audio, Codec, Format, Segmentation
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator.dataset import Withdrawal
from ai2text.training_orchestrator.http_api import build_app
from tests.fixtures.datasets import Orchestrator, orchestrating
from tests.fixtures.examples import NOW
from tests.fixtures.inside import KEY, ask
from tests.fixtures.sounds import recorded
from tests.fixtures.transcribed import transcribed
from tests.integration.training.test_shards import CUT, SAID, WHO, Prepared, sound

EVERYTHING = replace(CUT, formats=tuple(Format))
CHECK = "/v1/datasets/speech/check"


@pytest.fixture
def recordings(object_store: ObjectStore) -> list[TranscribedRecording]:
    """Three seconds each, in the store; of two languages."""
    made = []
    for number in range(4):
        content = recorded("flac", "flac", 16_000, sound(number))
        sha256 = hashlib.sha256(content).hexdigest()
        key = identity.audio_key("default", sha256)
        object_store.put(key, content, "audio/flac")
        facts: dict[str, Any] = {"sha256": sha256, "audio_key": key, "size_bytes": len(content), "container": "flac"}
        language = "de" if number else "en"
        made.append(transcribed(f"r{number}", SAID, **facts, duration_seconds=3.0, language=language))
    return made


@pytest.fixture
def orchestrator(
    recordings: list[TranscribedRecording], object_store: ObjectStore, broker: Broker, sandbox: Sandbox
) -> Orchestrator:
    """Shards of one recording each."""
    return orchestrating(object_store, Prepared(recordings), broker, sandbox, shard_bytes=1)


@pytest.fixture
def app(orchestrator: Orchestrator, object_store: ObjectStore) -> FastAPI:
    made = orchestrator
    return build_app(made.requests, made.rebuild, made.checks, made.requests.versions, object_store, KEY)


@pytest.mark.parametrize(
    ("definition", "rows"),
    [
        (EVERYTHING, 12),
        (replace(EVERYTHING, audio=Audio(codec=Codec.WAV, mono=True)), 12),
        (replace(EVERYTHING, audio=Audio(codec=Codec.OPUS)), 12),
        (replace(EVERYTHING, segmentation=Segmentation.RECORDINGS, audio=Audio()), 4),
        (
            replace(EVERYTHING, audio=Audio(), formats=(Format.NEMO_TARRED, Format.NEMO, Format.LHOTSE, Format.KALDI)),
            12,
        ),
    ],
    ids=["flac", "wav", "opus", "whole", "offsets"],
)
async def test_every_format_keeps_its_rules_and_the_readers_that_are_there_load_it(
    orchestrator: Orchestrator, app: FastAPI, object_store: ObjectStore, tmp_path: Path, definition: Any, rows: int
) -> None:
    """With AI2TEXT_READERS_PYTHON the real readers load it."""
    outcome = await orchestrator.build(definition)
    assert outcome.error is None
    found = (await ask(app, "POST", CHECK, "default", json={"version": 1}, params={"wait": 60})).json()
    assert (found["name"], found["version"], found["status"]) == ("speech", 1, "checked")
    told = {one["format"]: (one["rows"], one["violations"], one["result"]) for one in found["formats"]}
    assert told == dict.fromkeys(definition.formats, (rows, [], "rules checked, reader not installed"))
    for file in (*outcome.files, *orchestrator.assemble.files.audio(outcome)):
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.path).write_bytes(object_store.get(file.key))
    for form in definition.formats:
        checked = check_format(FolderContent(tmp_path), form, rows)
        assert checked.violations == ()
        is_read = READERS_PYTHON in os.environ and form not in {Format.NEMO, Format.NEMO_TARRED, Format.KALDI}
        assert checked.result.startswith("ok: " if is_read else "rules checked")


async def test_every_format_is_made_once_more_to_the_same_bytes(orchestrator: Orchestrator) -> None:
    outcome = await orchestrator.build(EVERYTHING)
    claim = orchestrator.requests.versions.find_claim("default", "speech", 1)
    assert claim is not None
    await orchestrator.requests.request_rebuild(WHO, claim)
    await orchestrator.work()
    rebuilt = orchestrator.rebuild.rebuilds.find_outcome(claim, 1)
    assert rebuilt is not None
    assert rebuilt.error is None
    assert {file.path.partition("/")[0] for file in outcome.files} >= {"README.md", "card.json", "card", "hf-parquet"}


async def test_what_is_missing_is_a_violation_of_the_formats_that_want_it(
    orchestrator: Orchestrator, app: FastAPI, object_store: ObjectStore
) -> None:
    outcome = await orchestrator.build(EVERYTHING)
    (tar,) = [file for file in outcome.files if file.path == "webdataset/train-000002.tar"]
    object_store.delete(tar.key)
    (cut, *_) = [file for file in orchestrator.assemble.files.audio(outcome) if file.path.startswith("hf/")]
    object_store.delete(cut.key)
    found = (await ask(app, "POST", CHECK, "default", params={"wait": 60})).json()
    broken = {one["format"] for one in found["formats"] if one["violation_count"]}
    assert broken == {"webdataset", "nemo", "kaldi", "lhotse", "hf", "common-voice"}
    assert all("missing" in one["violations"][0]["why"] for one in found["formats"] if one["violations"])


async def test_whoever_does_not_wait_asks_again(orchestrator: Orchestrator, app: FastAPI) -> None:
    await orchestrator.build(EVERYTHING)
    first = await ask(app, "POST", CHECK, "default", params={"wait": 0})
    assert (first.status_code, first.json()["status"], first.json()["formats"]) == (202, "checking", [])
    assert int(first.headers["Retry-After"]) > 0
    second = await ask(app, "POST", CHECK, "default", params={"wait": 60})
    third = await ask(app, "POST", CHECK, "default", params={"wait": 0})
    assert (second.status_code, third.status_code) == (200, 200)
    assert second.json() == third.json()


async def test_only_what_is_published_is_checked(orchestrator: Orchestrator, app: FastAPI) -> None:
    assert (await ask(app, "POST", CHECK, "default")).status_code == 404
    await orchestrator.requests.request_dataset(WHO, EVERYTHING)
    assert (await ask(app, "POST", CHECK, "default")).status_code == 409
    await orchestrator.work()
    assert (await ask(app, "POST", CHECK, "other")).status_code == 404
    assert (await ask(app, "POST", CHECK, "default", json={"version": 0})).status_code == 404
    orchestrator.requests.versions.withdraw("default", "speech", 1, Withdrawal(withdrawn_at=NOW))
    assert (await ask(app, "POST", CHECK, "default")).status_code == 410
