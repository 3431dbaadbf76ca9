"""A recording is erased, and then looked for in every place that could have kept something of it."""

import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from minio.commonconfig import ENABLED
from minio.versioningconfig import VersioningConfig

from tests.fixtures.scan import places_with, s3_of
from tests.fixtures.stack import SAMPLES, Stack, running

WEATHER, OTHER = SAMPLES / "01-the-weather-is-here.wav", SAMPLES / "03-youth-of-today.flac"
SAID, CORRECTED = b"weather", b"rosebud"
SOUND = WEATHER.read_bytes()[20_000:20_064]
"""Some of its samples, as they lie in the file and, of PCM, in whatever copies them."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Its bucket keeps every version of what is written."""
    with running(tmp_path_factory.mktemp("erasure"), {"AI2TEXT_METADATA_RECONCILE_JOBS_SECONDS": "1"}) as stack:
        client, bucket = s3_of(stack)
        client.set_bucket_versioning(bucket, VersioningConfig(ENABLED))
        yield stack


def put(stack: Stack, name: str, source: Path) -> str:
    """The recording's id, once its sidecars are there."""
    (stack.inbox / name).write_bytes(source.read_bytes())
    found = stack.wait_until_settled([name])
    recording_id: str = found[name]["recording_id"]
    return recording_id


def correct(stack: Stack, recording_id: str) -> None:
    transcript = f"/v1/recordings/{recording_id}/transcript"
    revision = stack.get(transcript).headers["etag"]
    replaced = stack.post(
        f"{transcript}/replace", json={"find": "weather", "replace": "rosebud"}, headers={"If-Match": revision}
    )
    assert replaced.status_code == 200, replaced.text


TALKS = {
    "name": "talks",
    "segmentation": "segments",
    "audio": {"codec": "wav"},
    "formats": ["nemo", "webdataset", "hf-parquet"],
}


def built(stack: Stack, definition: dict[str, Any]) -> dict[str, Any]:
    asked = stack.post("/v1/datasets", json=definition).json()
    version: dict[str, Any] = stack.get(f"/v1/datasets/{asked['name']}/versions/{asked['version']}", wait="60").json()
    assert (version["status"], version["error"]) == ("published", None)
    return version


def recordings_of(stack: Stack, version: dict[str, Any]) -> set[str]:
    path = f"/v1/datasets/{version['name']}/versions/{version['version']}/files/train_manifest.json"
    return {json.loads(line)["recording_id"] for line in stack.get(path).content.splitlines()}


def erase(stack: Stack, recording_id: str) -> None:
    answer = stack.delete(f"/v1/recordings/{recording_id}")
    assert answer.status_code == 202, answer.text
    assert stack.get(f"/v1/recordings/{recording_id}").status_code == 410
    stack.until(lambda: stack.get("/v1/status").json()["queue"]["unsettled"] == 0)


def test_after_an_erasure_neither_text_nor_audio_is_found_anywhere(installation: Stack) -> None:
    stack = installation
    other = put(stack, "other.flac", OTHER)
    recording_id = put(stack, "meeting.wav", WEATHER)
    rerun = stack.post("/v1/jobs", json={"recording_id": recording_id, "rerun": True}).json()
    stack.get(f"/v1/jobs/{rerun['job_id']}", wait="60")
    correct(stack, recording_id)
    stack.until(lambda: "rosebud" in (stack.inbox / "meeting.txt").read_text())
    transcribed = len(stack.recordings(status="transcribed"))
    assert recording_id in recordings_of(stack, built(stack, TALKS))
    assert len(recordings_of(stack, built(stack, TALKS))) == transcribed

    before = places_with(stack, SAID, CORRECTED)
    assert {"table segments", "table segment_words", "object outcomes", "object revisions"} <= before
    assert {"object dataset-files", "stream LIVE", "file meeting.txt", "file meeting.srt"} <= before
    assert places_with(stack, SOUND) == {"object audio", "object cuts", "object dataset-files", "file meeting.wav"}

    erase(stack, recording_id)
    assert places_with(stack, SAID, CORRECTED, SOUND) == set()
    assert [path.name for path in stack.inbox.iterdir() if path.stem == "meeting"] == []
    for version in ("1", "2"):
        assert stack.get(f"/v1/datasets/talks/versions/{version}").json()["status"] == "withdrawn"
        assert stack.get(f"/v1/datasets/talks/versions/{version}/files/train_manifest.json").status_code == 410
    assert [key for key in stack.objects("default/cuts/") if recording_id in key] == []
    assert stack.objects("default/dataset-shards/") == stack.objects(".ai2text/datasets-building/") == []
    assert stack.get(f"/v1/recordings/{other}/transcript").status_code == 200
    assert stack.get("/v1/search", q="weather or rosebud").json()["items"] == []
    assert stack.messages("DEAD") == 0

    without = recordings_of(stack, built(stack, TALKS))
    assert recording_id not in without
    assert len(without) == transcribed - 1


def test_a_folder_does_not_bring_it_back_and_an_upload_does(installation: Stack) -> None:
    stack = installation
    recording_id = put(stack, "again.wav", SAMPLES / "07-seventy-thousand-forty-six.wav")
    first_job = stack.get(f"/v1/recordings/{recording_id}").json()["job_id"]
    content = (stack.inbox / "again.wav").read_bytes()
    erase(stack, recording_id)
    (stack.inbox / "again.wav").write_bytes(content)
    refused = stack.wait_until_settled(["again.wav"])["again.wav"]
    assert (refused["status"], refused["reason"]["code"]) == ("rejected", "erased")
    assert (stack.inbox / "again.wav.reason.json").exists()
    assert not (stack.inbox / "again.txt").exists()
    assert stack.get(f"/v1/recordings/{recording_id}").status_code == 410

    uploaded = stack.post("/v1/recordings", content=content, params={"name": "again.wav"}).json()
    assert uploaded["recording_id"] == recording_id
    assert uploaded["job_id"] != first_job
    assert stack.get(f"/v1/jobs/{uploaded['job_id']}", wait="60").json()["status"] == "completed"
    assert stack.get(f"/v1/recordings/{recording_id}").json()["status"] == "transcribed"

    (stack.inbox / "joins.wav").write_bytes(content)
    joined = stack.wait_until_settled(["joins.wav"])["joins.wav"]
    assert joined["recording_id"] == recording_id
    assert (stack.inbox / "joins.txt").read_text().strip() == joined["text_preview"]


def test_it_is_erased_while_it_is_transcribed_and_nothing_comes_of_it(installation: Stack, tmp_path: Path) -> None:
    stack = installation
    with wave.open(str(WEATHER)) as sample, wave.open(str(tmp_path / "long.wav"), "wb") as long:
        long.setparams(sample.getparams())
        sound = sample.readframes(sample.getnframes())
        for _ in range(120):
            long.writeframes(sound)
    uploaded = stack.post("/v1/recordings", content=(tmp_path / "long.wav").read_bytes()).json()
    job = f"/v1/jobs/{uploaded['job_id']}"
    stack.until(lambda: (stack.get(job).json().get("progress") or 0) > 0 or stack.get(job).json()["status"] != "queued")
    assert stack.get(job).json()["status"] == "running"
    erase(stack, uploaded["recording_id"])
    stack.until(lambda: places_with(stack, SAID, SOUND) == set())
    assert stack.get(job).status_code == 404
    assert stack.messages("DEAD") == 0


def test_a_token_that_may_upload_may_not_erase(installation: Stack) -> None:
    uploader = installation.token("--scope", "recordings:write", "--scope", "recordings:read")
    answer = installation.delete("/v1/recordings/0c5cf5a4-6e53-5a3a-9a3f-6f0f9e6f6a01", token=uploader)
    assert answer.status_code == 403
    assert "recordings:erase" in answer.text
