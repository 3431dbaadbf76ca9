"""Thirty recordings by six people become versions in every format, which are compared with what was uploaded."""

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from ai2text.cli.main import app
from tests.e2e.test_corrections import editor
from tests.e2e.test_datasets import built
from tests.fixtures.published import Published
from tests.fixtures.sounds import decoded
from tests.fixtures.stack import Stack
from tests.fixtures.voices import Recorded, recordings

FORMATS = ["nemo", "nemo-tarred", "kaldi", "lhotse", "hf", "hf-parquet", "webdataset", "common-voice"]
SEGMENTS = {"segmentation": "segments", "target_seconds": 12, "formats": FORMATS}
SPLITS = {"train": 0.6, "dev": 0.2, "test": 0.2}
SPEAKERS = ("Ada", "Ben", "Gus", "Lea", "Nora", "Olaf")
CORRECTED = "This is what was said."


class Archive:
    """What was uploaded and what people have said of it since, by recording."""

    def __init__(self, stack: Stack, token: str) -> None:
        self.stack = stack
        self.token = token
        self.sent: dict[str, Recorded] = {}
        self.excluded: set[str] = set()
        self.nameless: set[str] = set()

    def take(self, found: Iterable[Recorded], *, named: bool = True) -> list[str]:
        """Their ids, when all are transcribed and, if they are `named`, it is known who speaks."""
        jobs = {}
        for one in found:
            name = f"talk.{one.form.muxer}"
            answer = self.stack.post("/v1/recordings", token=self.token, files={"file": (name, one.content)})
            assert answer.status_code == 202, answer.text
            recording_id = answer.json()["recording_id"]
            self.sent[recording_id] = one
            jobs[recording_id] = answer.json()["job_id"]
        for job_id in jobs.values():
            while self.stack.get(f"/v1/jobs/{job_id}", token=self.token, wait="25").json()["status"] != "completed":
                pass
        if not named:
            self.nameless |= jobs.keys()
            return list(jobs)
        with editor(self.stack, self.token) as client:
            for recording_id in jobs:
                self._say(client, recording_id, {"speaker": self.sent[recording_id].speaker})
        return list(jobs)

    def correct(self, recording_id: str) -> None:
        with editor(self.stack, self.token) as client:
            self._say(client, recording_id, {"text": CORRECTED})

    def exclude(self, recording_id: str) -> None:
        with editor(self.stack, self.token) as client:
            answer = client.patch(f"/v1/recordings/{recording_id}", json={"review": "excluded"})
        assert answer.json()["review"] == "excluded"
        self.excluded.add(recording_id)

    def _say(self, client: httpx.Client, recording_id: str, edit: dict[str, str]) -> None:
        path = f"/v1/recordings/{recording_id}/transcript"
        for segment in client.get(path).json()["segments"]:
            headers = {"If-Match": f'"{segment["etag"]}"'}
            answer = client.patch(f"{path}/segments/{segment['id']}", json=edit, headers=headers)
            assert answer.status_code == 200, answer.text

    def transcripts(self) -> dict[str, dict[str, Any]]:
        """Of all that belongs into a dataset."""
        return {
            one: self.stack.get(f"/v1/recordings/{one}/transcript", token=self.token).json()
            for one in self.sent.keys() - self.excluded
        }

    def command(self, *words: str) -> str:
        """What it prints; it ends with 0."""
        answer = CliRunner().invoke(
            app,
            ["dataset", *words, "--data", str(self.stack.data), "--url", self.stack.url],
            env={"AI2TEXT_TOKEN": self.token},
        )
        assert answer.exit_code == 0, (answer.output, answer.exception)
        return answer.stdout


@pytest.fixture
def archive(stack: Stack, uploader: str) -> Archive:
    return Archive(stack, uploader)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.lesson("L24")
def test_thirty_recordings_by_six_people_become_what_they_are_in_every_format(archive: Archive) -> None:
    stack, token = archive.stack, archive.token
    ids = archive.take(recordings(SPEAKERS, each=5))
    for recording_id in ids[1], ids[12], ids[23]:
        archive.correct(recording_id)
    archive.exclude(ids[5])
    for codec in ("flac", "wav"):
        built(stack, token, codec, **SEGMENTS, splits=SPLITS, audio={"codec": codec})
        published = Published.of(stack, token, codec, 1)
        check_rows(archive, published)
        check_formats(published)
        check_cuts(archive, published)
    built(stack, token, "whole", splits=SPLITS, formats=FORMATS)
    whole = Published.of(stack, token, "whole", 1)
    assert whole.rows().keys() == archive.transcripts().keys()
    check_formats(whole)
    for row_id, content in whole.audio()["nemo"].items():
        assert content == archive.sent[row_id].content

    archive.take(recordings(("Ada", "Gus", "Lea"), each=1, first=5))
    archive.take(recordings(("Hana",), each=2), named=False)
    built(stack, token, "flac", **SEGMENTS, splits=SPLITS, audio={"codec": "flac"})
    first, second = (Published.of(stack, token, "flac", number) for number in (1, 2))
    check_rows(archive, second)
    assert len(second.rows()) > len(first.rows())
    splits = {row_id: row["split"] for row_id, row in second.rows().items()}
    assert {row_id: splits[row_id] for row_id in first.rows()} == {i: r["split"] for i, r in first.rows().items()}

    archive.command("rebuild", "flac@1")
    again = Published.of(stack, token, "flac", 1)
    assert again.version["rebuild"]["status"] == "published"
    assert again.files == first.files
    for name in ("flac@1", "whole"):
        found = {one["format"]: one for one in json.loads(archive.command("check", name, "--json"))}
        assert sorted(found) == sorted(FORMATS)
        assert [one["violations"] for one in found.values() if one["violations"]] == []


@pytest.mark.parametrize(
    "definition",
    [
        {"audio": {"codec": "wav", "sample_rate_hz": 16_000, "mono": True}},
        {**SEGMENTS, "audio": {"codec": "flac"}},
        {**SEGMENTS, "audio": {"codec": "opus"}},
    ],
)
def test_rows_with_files_of_their_own_are_read_by_whatever_reads_each_format(
    archive: Archive, definition: dict[str, Any]
) -> None:
    """With AI2TEXT_READERS_PYTHON by the real readers; without, nobody says ok."""
    archive.take(recordings(("Ada",), each=3), named=False)
    built(archive.stack, archive.token, "cut", **{**definition, "formats": FORMATS})
    published = Published.of(archive.stack, archive.token, "cut", 1)
    check_formats(published)
    found = {one["format"]: one for one in json.loads(archive.command("check", "cut", "--json"))}
    assert {name: (one["rows"], one["violations"]) for name, one in found.items()} == dict.fromkeys(
        FORMATS, (len(published.rows()), [])
    )
    by_reader = {name for name, one in found.items() if one["result"].startswith("ok:")}
    unread = {"nemo", "nemo-tarred", "kaldi"}
    assert by_reader == (set(FORMATS) - unread if "AI2TEXT_READERS_PYTHON" in os.environ else set())


def check_rows(archive: Archive, published: Published) -> None:
    """All that was said is in one row, as people see it now, and tells where it comes from."""
    transcripts, rows = archive.transcripts(), published.rows()
    assert {row["recording_id"] for row in rows.values()} == transcripts.keys()
    told: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows.values():
        recording_id = row["recording_id"]
        transcript = transcripts[recording_id]
        told[recording_id] += row["segments"]
        own = [segment for segment in transcript["segments"] if segment["id"] in row["segments"]]
        assert row["text"] == " ".join(segment["text"].strip() for segment in own)
        assert (row["start"], row["start"] + row["duration"]) == pytest.approx(
            (own[0]["start"], own[-1]["end"]), abs=0.001
        )
        is_named = recording_id not in archive.nameless
        assert row["speaker"] == (archive.sent[recording_id].speaker if is_named else None)
        assert row["audio_sha256"] == hashlib.sha256(archive.sent[recording_id].content).hexdigest()
        assert (row["revision"], row["model"]) == (transcript["revision"], transcript["model"])
        recording = archive.stack.get(f"/v1/recordings/{recording_id}", token=archive.token).json()
        assert row["review"] == recording["review"]
        assert row["job_id"] == (None if is_named else recording["job_id"]), "what people have written is of no job"
    assert {one: sorted(ids) for one, ids in told.items()} == {
        one: sorted(segment["id"] for segment in transcript["segments"]) for one, transcript in transcripts.items()
    }
    assert sum(CORRECTED in row["text"] for row in rows.values()) == 3
    assert {row["split"] for row in rows.values()} == SPLITS.keys()
    where: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows.values():
        where[row["recording_id"]].add(row["split"])
        where[row["speaker"] or row["recording_id"]].add(row["split"])
    assert {len(splits) for splits in where.values()} == {1}


def check_formats(published: Published) -> None:
    """Each has the same rows with the same texts, and the same audio."""
    rows = {row_id: row["text"] for row_id, row in published.rows().items()}
    for name, texts in published.texts().items():
        assert texts == rows, name
    own = published.audio()
    for name, audio in own.items():
        assert audio.keys() == rows.keys(), name
        assert audio == own["nemo"], name


def check_cuts(archive: Archive, published: Published) -> None:
    """Each is what PyAV decodes of the upload between the same samples."""
    sounds = {one: decoded(sent.content, sent.form.kind) for one, sent in archive.sent.items()}
    for row_id, content in published.audio()["nemo"].items():
        row = published.rows()[row_id]
        form, sound = archive.sent[row["recording_id"]].form, sounds[row["recording_id"]]
        first, beyond = (
            round(round(at, 3) * form.sample_rate_hz) for at in (row["start"], row["start"] + row["duration"])
        )
        cut = decoded(content, form.kind)
        assert cut.shape == (beyond - first, form.channels)
        assert np.array_equal(cut, sound[first:beyond]), (row_id, form)
