"""Audio over REST and nothing else: upload, wait, read."""

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import UPLOAD_MAX_BYTES
from tests.fixtures.stack import SAMPLES, Stack

SIX_FORMATS = [
    "01-the-weather-is-here.wav",
    "02-preserve-the-old-but.mp3",
    "03-youth-of-today.flac",
    "04-a-throw-him-a.ogg",
    "11-if-not-treat-yourself.opus",
    "05-ignorance-is-strength.m4a",
]


def upload(stack: Stack, token: str, name: str) -> dict[str, str]:
    with (SAMPLES / name).open("rb") as file:
        answer = stack.post("/v1/recordings", token=token, files={"file": (name, file)}, data={"tags": "a, b"})
    assert answer.status_code == 202, answer.text
    received: dict[str, str] = answer.json()
    return received


@pytest.mark.lesson("L24")
@pytest.mark.parametrize("name", [*SIX_FORMATS, "long-two-minutes.flac"])
def test_an_upload_is_transcribed_and_read_in_each_format(stack: Stack, uploader: str, name: str) -> None:
    received = upload(stack, uploader, name)
    recording = stack.get(f"/v1/recordings/{received['recording_id']}", token=uploader)
    assert recording.status_code == 200, "what a 2xx named is readable at once"
    assert recording.json()["sources"] == [{"kind": "upload", "place": "cli", "name": name}]
    assert recording.json()["tags"] == ["a", "b"]
    job = stack.get(f"/v1/jobs/{received['job_id']}", token=uploader, wait="60").json()
    assert (job["status"], job["error"], job["progress"]) == ("completed", None, 1.0)
    path = f"/v1/recordings/{received['recording_id']}/transcript"
    text = stack.get(path, token=uploader).json()["text"]
    assert text
    assert stack.get(path, token=uploader, format="txt").text.split() == text.split()
    assert " --> " in stack.get(path, token=uploader, format="srt").text
    assert stack.get(path, token=uploader, format="vtt").text.startswith("WEBVTT\n\n00:00:")
    assert stack.get(path, token=uploader, format="tsv").text.startswith("start\tend\ttext\n")


def test_the_same_bytes_again_are_answered_with_200_and_the_same_recording(stack: Stack, uploader: str) -> None:
    first = upload(stack, uploader, "silence.wav")
    again = stack.post("/v1/recordings", token=uploader, content=(SAMPLES / "silence.wav").read_bytes())
    assert again.status_code == 200
    assert again.json()["recording_id"] == first["recording_id"]
    assert again.json()["job_id"] == first["job_id"]


def test_a_raw_body_takes_its_fields_from_the_query(stack: Stack, uploader: str) -> None:
    answer = stack.post(
        "/v1/recordings",
        token=uploader,
        params={"name": "call.wav", "tags": "calls", "language": "en", "lane": "interactive"},
        content=(SAMPLES / "06-lets-hope-its-nothing.wav").read_bytes(),
    )
    assert answer.status_code == 202
    item = stack.get(f"/v1/recordings/{answer.json()['recording_id']}", token=uploader).json()
    assert item["tags"] == ["calls"]
    assert item["sources"][0]["name"] == "call.wav"
    job = stack.get(f"/v1/jobs/{answer.json()['job_id']}", token=uploader, wait="60").json()
    assert (job["lane"], job["status"]) == ("interactive", "completed")


@pytest.mark.lesson("L19")
def test_l19_a_name_from_outside_is_only_ever_a_name(stack: Stack, uploader: str) -> None:
    """Neither a path nor a key, and nothing that a database or a terminal chokes on."""
    answer = stack.post(
        "/v1/recordings",
        token=uploader,
        params={"name": "../../etc/\x00pass\nwd.wav", "tags": "a\x00b,,c"},
        content=(SAMPLES / "noise.wav").read_bytes(),
    )
    assert answer.status_code == 202, answer.text
    item = stack.get(f"/v1/recordings/{answer.json()['recording_id']}", token=uploader).json()
    assert item["sources"][0]["name"] == "../../etc/ pass wd.wav"
    assert item["tags"] == ["a b", "c"]
    assert not [key for key in stack.objects("") if "etc" in key]


def test_the_audio_comes_back_whole_and_in_ranges(stack: Stack, uploader: str) -> None:
    content = (SAMPLES / "studio-48khz-stereo.flac").read_bytes()
    received = upload(stack, uploader, "studio-48khz-stereo.flac")
    path = f"/v1/recordings/{received['recording_id']}/audio"
    whole = stack.get(path, token=uploader)
    assert whole.content == content
    assert whole.headers["accept-ranges"] == "bytes"
    for asked, expected in {
        "bytes=0-9": content[:10],
        "bytes=100-": content[100:],
        "bytes=-7": content[-7:],
        f"bytes=5-{len(content) * 2}": content[5:],
    }.items():
        part = stack.get(path, token=uploader, byte_range=asked)
        assert (part.status_code, part.content) == (206, expected), asked
        assert part.headers["content-range"].endswith(f"/{len(content)}")
    known = {"Authorization": f"Bearer {uploader}", "If-None-Match": f'"other", {whole.headers["etag"]}'}
    unchanged = httpx.get(f"{stack.url}{path}", headers=known, trust_env=False)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    beyond = stack.get(path, token=uploader, byte_range=f"bytes={len(content)}-")
    assert beyond.status_code == 416


@pytest.mark.lesson("L11")
@pytest.mark.parametrize(
    ("content", "code"), [(b"These are my notes.", "not_audio"), (b"", "empty"), (b"RIFF", "not_audio")]
)
def test_what_is_no_audio_is_refused_before_the_answer(stack: Stack, uploader: str, content: bytes, code: str) -> None:
    answer = stack.post("/v1/recordings", token=uploader, files={"file": ("x.wav", content)})
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert stack.get("/v1/recordings", token=uploader).json()["items"] == []


@pytest.mark.parametrize(
    ("request_content", "code"),
    [
        ({"files": {"audio": ("x.wav", b"x")}}, "file_missing"),
        ({"content": b"x", "params": {"lane": "fast"}}, "invalid_request"),
        ({"files": {"file": ("x.wav", b"x")}, "data": {"lane": "fast"}}, "invalid_lane"),
    ],
)
def test_a_bad_form_is_refused_with_what_to_do(
    stack: Stack, uploader: str, request_content: dict[str, Any], code: str
) -> None:
    answer = stack.post("/v1/recordings", token=uploader, **request_content)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == code


@pytest.mark.lesson("L35")
@pytest.mark.parametrize("length", ["declared", "unknown"])
def test_l35_an_upload_over_the_limit_is_refused_while_it_is_sent_and_nothing_is_kept(
    stack: Stack, uploader: str, length: str
) -> None:
    def sent() -> Iterator[bytes]:
        for _ in range(UPLOAD_MAX_BYTES // 65_536 + 1):
            yield bytes(65_536)

    before = stack.objects("")
    answer = stack.post("/v1/recordings", token=uploader, content=b"".join(sent()) if length == "declared" else sent())
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"
    assert stack.objects("") == before


@pytest.mark.lesson("L12")
def test_an_upload_that_breaks_off_leaves_nothing_behind(stack: Stack, uploader: str) -> None:
    host, _, port = stack.url.removeprefix("http://").partition(":")
    before = stack.objects("")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /v1/recordings HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {uploader}\r\n"
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + bytes(200_000))
    stack.until(lambda: stack.get("/v1/status").status_code == 200)
    assert stack.objects("") == before
    assert [path.name for path in (stack.data / "ingestion").iterdir() if not path.name.startswith("inbox.")] == []


def test_uploading_wants_the_scope_for_it(stack: Stack) -> None:
    reader = stack.token("--scope", "recordings:read")
    assert stack.post("/v1/recordings", token=reader, content=b"x").status_code == 403


def test_another_tenants_audio_and_job_do_not_exist(stack: Stack, uploader: str) -> None:
    received = upload(stack, uploader, "noise.wav")
    stranger = stack.token("--tenant", "stranger")
    assert stack.get(f"/v1/recordings/{received['recording_id']}/audio", token=stranger).status_code == 404
    assert stack.get(f"/v1/jobs/{received['job_id']}", token=stranger).status_code == 404
