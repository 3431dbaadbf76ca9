"""A version in every format, built from audio that went the whole way."""

import gzip
import hashlib
import io
import json
import os
import tarfile

import pytest
from typer.testing import CliRunner

from ai2text.cli.main import app
from ai2text.common.contracts.definition import Format
from tests.e2e.test_datasets import built, transcribed
from tests.e2e.test_uploads import SIX_FORMATS
from tests.fixtures.stack import SAMPLES, Stack

FORMATS = ["nemo", "kaldi", "lhotse", "hf", "webdataset"]
TWO_CHANNELS = "call-two-channels.wav"


def test_a_version_is_the_same_rows_in_every_format(stack: Stack, uploader: str) -> None:
    names = transcribed(stack, uploader, *SIX_FORMATS, TWO_CHANNELS)
    version = built(stack, uploader, "formats", formats=FORMATS)
    assert (version["status"], version["error"]) == ("published", None)
    files = {file["path"]: file for file in version["files"]}

    def read(path: str) -> bytes:
        content = stack.get(f"/v1/datasets/formats/versions/1/files/{path}", token=uploader).content
        assert hashlib.sha256(content).hexdigest() == files[path]["sha256"], path
        return content

    rows = {row["id"]: row for row in map(json.loads, read("rows.jsonl").splitlines())}
    assert len(rows) == len(names)
    assert {row["split"] for row in rows.values()} == {"train"}

    manifest = [json.loads(line) for line in read("train_manifest.json").splitlines()]
    assert {row["row_id"]: row["text"] for row in manifest} == {key: row["text"] for key, row in rows.items()}

    utterances = read("kaldi/train/segments").decode().splitlines()
    assert {line.split()[1] for line in utterances} == set(rows)

    cuts = [json.loads(line) for line in gzip.decompress(read("lhotse/train/cuts.jsonl.gz")).splitlines()]
    assert {cut["id"]: cut["recording"]["sampling_rate"] for cut in cuts} == {
        key: row["sample_rate_hz"] for key, row in rows.items()
    }
    (call,) = [cut for cut in cuts if names[rows[cut["id"]]["audio_sha256"]] == TWO_CHANNELS]
    assert (call["type"], call["channel"]) == ("MultiCut", [0, 1])

    for row in map(json.loads, read("hf/train/metadata.jsonl").splitlines()):
        assert read(f"hf/train/{row['file_name']}") == (SAMPLES / names[row["audio_sha256"]]).read_bytes()

    with tarfile.open(fileobj=io.BytesIO(read("webdataset/train-000000.tar"))) as tar:
        for member in tar.getmembers()[::2]:
            opened = tar.extractfile(member)
            assert opened is not None
            key = member.name.partition(".")[0]
            assert opened.read() == (SAMPLES / names[rows[key]["audio_sha256"]]).read_bytes()


def test_segments_in_splits_name_stretches_of_the_recordings(stack: Stack, uploader: str) -> None:
    names = transcribed(stack, uploader, "long-two-minutes.flac", SIX_FORMATS[0])
    version = built(
        stack,
        uploader,
        "segments",
        segmentation="segments",
        target_seconds=15,
        selection={"duration_seconds": {"min": 0.3}},
        splits={"train": 0.9, "test": 0.1},
        allow_empty_splits=True,
        formats=["nemo", "lhotse"],
    )
    assert version["status"] == "published", version["error"]
    path = "/v1/datasets/segments/versions/1/files"
    rows = [
        json.loads(line)
        for split in ("train", "test")
        for line in stack.get(f"{path}/{split}_manifest.json", token=uploader).content.splitlines()
    ]
    assert len(rows) == version["report"]["rows"] > len(names)
    assert sum(amount["rows"] for amount in version["report"]["splits"].values()) == len(rows)
    for row in rows:
        assert 0.3 <= row["duration"] <= 15.001
        assert row["offset"] >= 0
        whole = stack.get(f"/v1/recordings/{row['recording_id']}/transcript", token=uploader).json()["text"]
        assert row["text"] in whole


def test_a_version_is_checked_by_the_rules_of_its_readers_and_by_those_that_are_there(
    stack: Stack, uploader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With AI2TEXT_READERS_PYTHON the real readers load it; without, nobody says ok."""
    transcribed(stack, uploader, *(name for name in SIX_FORMATS if name.endswith((".wav", ".flac"))), TWO_CHANNELS)
    formats = [str(form) for form in Format]
    rows = built(stack, uploader, "checked", formats=formats)["report"]["rows"]
    monkeypatch.setenv("AI2TEXT_TOKEN", uploader)
    command = ["dataset", "check", "checked", "--data", str(stack.data), "--url", stack.url]
    answer = CliRunner().invoke(app, [*command, "--json"])
    assert answer.exit_code == 0, answer.output
    found = {one["format"]: one for one in json.loads(answer.stdout)}
    assert {name: one["rows"] for name, one in found.items()} == dict.fromkeys(formats, rows)
    unread = {"nemo", "nemo-tarred", "kaldi"}
    assert {found[name]["result"] for name in unread} == {"rules checked, reader not installed"}
    readers = {found[name]["result"].partition(" ")[0] for name in formats if name not in unread}
    assert readers == ({"ok:"} if "AI2TEXT_READERS_PYTHON" in os.environ else {"rules"})
    checked = stack.post("/v1/datasets/checked/check", token=uploader, params={"wait": 60}).json()
    assert {one["format"]: (one["rows"], one["violations"]) for one in checked["formats"]} == dict.fromkeys(
        formats, (rows, [])
    )


@pytest.mark.parametrize("name", ["nowhere", "nowhere@1", "nowhere@x"])
def test_what_is_not_there_cannot_be_checked(
    stack: Stack, uploader: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("AI2TEXT_TOKEN", uploader)
    answer = CliRunner().invoke(app, ["dataset", "check", name, "--data", str(stack.data), "--url", stack.url])
    assert answer.exit_code == 1
    assert "nowhere" in str(answer.output) + str(answer.exception) or "is no version" in str(answer.exception)
