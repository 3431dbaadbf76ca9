"""From audio to a training manifest, over REST and nothing else."""

import hashlib
import io
import json
from typing import Any

import av
import pytest
from av.audio.stream import AudioStream

from tests.e2e.test_uploads import SIX_FORMATS, upload
from tests.fixtures.stack import SAMPLES, Stack

LONG = "long-two-minutes.flac"


def transcribed(stack: Stack, token: str, *names: str) -> dict[str, str]:
    """Names of samples by the hash of their bytes, when all have their transcripts."""
    jobs = {name: upload(stack, token, name)["job_id"] for name in names}
    for name, job_id in jobs.items():
        while (job := stack.get(f"/v1/jobs/{job_id}", token=token, wait="20").json())["status"] != "completed":
            assert job["status"] in {"queued", "running"}, (name, job)
    return {hashlib.sha256((SAMPLES / name).read_bytes()).hexdigest(): name for name in names}


def built(stack: Stack, token: str, name: str, **definition: Any) -> dict[str, Any]:
    asked = stack.post("/v1/datasets", token=token, json={"name": name, **definition})
    assert asked.status_code == 202, asked.text
    accepted = asked.json()
    assert (accepted["name"], accepted["status"]) == (name, "building")
    found: dict[str, Any] = stack.get(
        f"/v1/datasets/{name}/versions/{accepted['version']}", token=token, wait="25"
    ).json()
    assert found["version"] == accepted["version"]
    return found


def rows(stack: Stack, token: str, version: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"/v1/datasets/{version['name']}/versions/{version['version']}/files/train_manifest.json"
    return [json.loads(line) for line in stack.get(path, token=token).content.splitlines()]


def decoded_seconds(content: bytes) -> float:
    """Measured here, with nothing of the project."""
    with av.open(io.BytesIO(content), "r") as container:
        return float(sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0)))


@pytest.mark.lesson("L01")
@pytest.mark.lesson("L24")
def test_l01_a_manifest_holds_each_format_with_its_measured_duration_and_lists_its_audio(
    stack: Stack, uploader: str
) -> None:
    names = transcribed(stack, uploader, *SIX_FORMATS, LONG, "silence.wav")
    version = built(stack, uploader, "everything")
    assert (version["status"], version["error"]) == ("published", None)
    found = {names[row["audio_sha256"]]: row for row in rows(stack, uploader, version)}
    assert sorted(found) == sorted([*SIX_FORMATS, LONG])
    files = {file["path"]: file for file in version["files"]}
    for name, row in found.items():
        content = stack.get(f"/v1/datasets/everything/versions/1/files/{row['audio_filepath']}", token=uploader).content
        assert content == (SAMPLES / name).read_bytes()
        assert row["duration"] == pytest.approx(decoded_seconds(content), abs=0.01)
        path = f"/v1/recordings/{row['recording_id']}/transcript"
        assert row["text"] == stack.get(path, token=uploader).json()["text"]
        assert row["lang"] == "en"
        assert files[row["audio_filepath"]] == {
            "path": row["audio_filepath"],
            "sha256": row["audio_sha256"],
            "bytes": len(content),
        }
    assert version["report"]["rows"] == len(found)
    assert version["report"]["duration_seconds"] == pytest.approx(sum(r["duration"] for r in found.values()), abs=0.01)
    assert version["report"]["left_out"]["no_text"]["rows"] == 1


def test_versions_count_up_and_never_change_and_the_newest_is_listed(stack: Stack, uploader: str) -> None:
    transcribed(stack, uploader, SIX_FORMATS[0])
    first = built(stack, uploader, "growing")
    before = rows(stack, uploader, first)
    transcribed(stack, uploader, SIX_FORMATS[1])
    second = built(stack, uploader, "growing")
    other = built(stack, uploader, "another")
    assert (first["version"], second["version"], other["version"]) == (1, 2, 1)
    assert (len(before), len(rows(stack, uploader, second))) == (1, 2)
    assert rows(stack, uploader, first) == before
    assert stack.get("/v1/datasets/growing/versions/1", token=uploader).json() == first
    page = stack.get("/v1/datasets", token=uploader, limit="1").json()
    rest = stack.get("/v1/datasets", token=uploader, after_id=page["next"]).json()
    listed = [(item["name"], item["version"], item["status"]) for item in [*page["items"], *rest["items"]]]
    assert listed == [("another", 1, "published"), ("growing", 2, "published")]
    assert rest["next"] is None


def as_flac(content: bytes) -> bytes:
    file = io.BytesIO()
    with av.open(io.BytesIO(content), "r") as source, av.open(file, "w", format="flac") as copy:
        (sound,) = source.streams.audio
        stream = copy.add_stream("flac", rate=sound.rate, layout="mono")
        assert isinstance(stream, AudioStream)
        for frame in [*source.decode(sound), None]:
            copy.mux(stream.encode(frame))
    return file.getvalue()


def test_a_recording_and_its_flac_are_one_row_and_the_other_is_counted(stack: Stack, uploader: str) -> None:
    name = "01-the-weather-is-here.wav"
    transcribed(stack, uploader, name)
    copy = as_flac((SAMPLES / name).read_bytes())
    answer = stack.post("/v1/recordings", token=uploader, files={"file": ("copy.flac", copy)}).json()
    stack.get(f"/v1/jobs/{answer['job_id']}", token=uploader, wait="20")
    version = built(stack, uploader, "copies")
    (row,) = rows(stack, uploader, version)
    assert row["recording_id"] != answer["recording_id"], "the first one stays"
    assert {rule: left["rows"] for rule, left in version["report"]["left_out"].items()} == {"repeated_audio": 1}


def test_a_file_is_read_in_ranges_and_hashes_to_what_is_listed(stack: Stack, uploader: str) -> None:
    transcribed(stack, uploader, SIX_FORMATS[2])
    version = built(stack, uploader, "ranges")
    for file in version["files"]:
        path = f"/v1/datasets/ranges/versions/1/files/{file['path']}"
        whole = stack.get(path, token=uploader).content
        assert (hashlib.sha256(whole).hexdigest(), len(whole)) == (file["sha256"], file["bytes"])
        assert stack.get(path, token=uploader, byte_range="bytes=5-9").content == whole[5:10]


def test_a_dataset_of_nothing_fails_with_what_to_do_unless_it_is_allowed(stack: Stack, uploader: str) -> None:
    failed = built(stack, uploader, "nothing")
    assert (failed["status"], failed["error"]["code"], failed["files"]) == ("failed", "empty_split", [])
    empty = built(stack, uploader, "nothing", allow_empty_splits=True)
    assert (empty["status"], empty["version"], empty["report"]["rows"]) == ("published", 2, 0)
    assert rows(stack, uploader, empty) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "../x"}, "invalid_name"),
        ({"name": "x", "formats": ["csv"]}, "invalid_request"),
        ({"name": "x", "nonsense": 1}, "invalid_request"),
        ({}, "invalid_request"),
    ],
)
def test_a_definition_that_is_not_offered_is_refused(
    stack: Stack, uploader: str, body: dict[str, Any], code: str
) -> None:
    answer = stack.post("/v1/datasets", token=uploader, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert stack.get("/v1/datasets", token=uploader).json() == {"items": [], "next": None}


@pytest.mark.parametrize("path", ["/v1/datasets/no/versions/1", "/v1/datasets/no/versions/1/files/train_manifest.json"])
def test_what_does_not_exist_is_404(stack: Stack, uploader: str, path: str) -> None:
    assert stack.get(path, token=uploader).status_code == 404


def test_another_tenants_datasets_do_not_exist_and_each_route_wants_its_scope(stack: Stack, uploader: str) -> None:
    transcribed(stack, uploader, SIX_FORMATS[4])
    built(stack, uploader, "mine")
    stranger = stack.token("--tenant", "stranger")
    for path in ("versions/1", "versions/1/files/train_manifest.json"):
        assert stack.get(f"/v1/datasets/mine/{path}", token=stranger).status_code == 404
    assert stack.get("/v1/datasets", token=stranger).json()["items"] == []
    reader = stack.token("--scope", "datasets:read")
    assert stack.post("/v1/datasets", token=reader, json={"name": "x"}).status_code == 403
    assert stack.get("/v1/datasets", token=stack.token("--scope", "recordings:read")).status_code == 403
