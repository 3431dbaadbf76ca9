"""Large uploads in parts, as a client on a bad line sends them; and what checksums promise."""

import base64
import hashlib
import socket
from typing import Any

import pytest

from tests.fixtures.stack import SAMPLES, Stack
from tests.fixtures.wide_wave import BYTES_PER_SECOND, wide_wave

PART_BYTES = 5 << 20
SAMPLE = (SAMPLES / "07-seventy-thousand-forty-six.wav").read_bytes()
SIZE_BYTES = 11 << 20


def wide(number: int) -> bytes:
    """Other bytes, the same silence: something after the end of the data."""
    return b"".join(wide_wave(SIZE_BYTES)) + b"\0\0" * (number + 1)


def parts_of(content: bytes) -> list[bytes]:
    return [content[begins : begins + PART_BYTES] for begins in range(0, len(content), PART_BYTES)]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def begun(stack: Stack, token: str, **described: Any) -> str:
    answer = stack.post("/v1/uploads", token=token, json=described)
    assert answer.status_code == 201, answer.text
    assert answer.json()["part_bytes_min"] == PART_BYTES
    return f"/v1/uploads/{answer.json()['upload_id']}"


def test_parts_in_any_order_become_the_recording_that_they_are_parts_of(stack: Stack, uploader: str) -> None:
    content = wide(0)
    described = {"name": "long.wav", "tags": ["calls", "2024"], "lane": "interactive", "language": "en"}
    upload = begun(stack, uploader, size_bytes=len(content), sha256=sha256(content), **described)
    for number, part in reversed(list(enumerate(parts_of(content), start=1))):
        answer = stack.put(f"{upload}/parts/{number}", token=uploader, content=part)
        assert answer.json() == {"part": number, "bytes": len(part), "sha256": sha256(part)}
    answer = stack.post(f"{upload}/complete", token=uploader)
    assert answer.status_code == 202, answer.text
    item = stack.get(f"/v1/recordings/{answer.json()['recording_id']}", token=uploader).json()
    assert (item["sha256"], item["tags"]) == (sha256(content), ["2024", "calls"])
    assert item["sources"] == [{"kind": "upload", "place": "cli", "name": "long.wav"}]
    assert item["duration_seconds"] == pytest.approx(SIZE_BYTES / BYTES_PER_SECOND, abs=0.01)
    job = stack.get(f"/v1/jobs/{answer.json()['job_id']}", token=uploader, wait="60").json()
    assert (job["lane"], job["status"]) == ("interactive", "completed")


def test_a_client_that_lost_everything_learns_what_is_there_and_goes_on(stack: Stack, uploader: str) -> None:
    content = wide(1)
    first, second, third = parts_of(content)
    upload = begun(stack, uploader, name="long.wav")
    stack.put(f"{upload}/parts/1", token=uploader, content=b"\1" * PART_BYTES)
    stack.put(f"{upload}/parts/1", token=uploader, content=first)
    stack.put(f"{upload}/parts/3", token=uploader, content=third)
    there = stack.get(upload, token=uploader).json()
    assert there["parts"] == [
        {"part": 1, "bytes": len(first), "sha256": sha256(first)},
        {"part": 3, "bytes": len(third), "sha256": sha256(third)},
    ]
    assert (there["status"], there["bytes"]) == ("receiving", len(first) + len(third))
    early = stack.post(f"{upload}/complete", token=uploader)
    assert (early.status_code, early.json()["code"]) == (422, "parts_missing")
    assert "2" in early.json()["detail"]
    stack.put(f"{upload}/parts/2", token=uploader, content=second)
    answer = stack.post(f"{upload}/complete", token=uploader, json={"parts": [1, 2, 3], "sha256": sha256(content)})
    assert answer.status_code == 202, answer.text
    audio = stack.get(f"/v1/recordings/{answer.json()['recording_id']}/audio", token=uploader)
    assert sha256(audio.content) == sha256(content)


def test_completing_twice_gives_the_same_answer_and_leaves_no_part_behind(
    stack: Stack, uploader: str, tenant: str
) -> None:
    upload = begun(stack, uploader, name="short.wav")
    stack.put(f"{upload}/parts/1", token=uploader, content=SAMPLE)
    first, again = (stack.post(f"{upload}/complete", token=uploader) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert first.status_code == 202
    assert len(stack.objects(f"{tenant}/audio/")) == 1
    assert not [key for key in stack.objects(f"{tenant}/staging/") if "/part-" in key]
    assert stack.get(upload, token=uploader).json()["status"] == "completed"
    late = stack.put(f"{upload}/parts/2", token=uploader, content=SAMPLE)
    assert (late.status_code, late.json()["code"]) == (422, "upload_completed")


def test_the_same_bytes_by_both_ways_are_one_recording(stack: Stack, uploader: str) -> None:
    whole = stack.post("/v1/recordings", token=uploader, params={"name": "a.wav"}, content=SAMPLE)
    upload = begun(stack, uploader, name="b.wav")
    stack.put(f"{upload}/parts/1", token=uploader, content=SAMPLE)
    answer = stack.post(f"{upload}/complete", token=uploader)
    assert answer.status_code == 200
    assert answer.json()["recording_id"] == whole.json()["recording_id"]


@pytest.mark.parametrize(
    ("parts", "completion", "code"),
    [
        ({}, {}, "parts_missing"),
        ({1: SAMPLE}, {"parts": [1, 2]}, "parts_missing"),
        ({1: SAMPLE, 2: SAMPLE}, {"parts": [2, 1]}, "parts_out_of_order"),
        ({1: SAMPLE, 2: SAMPLE}, {}, "parts_too_small"),
        ({1: SAMPLE}, {"sha256": "0" * 64}, "checksum_mismatch"),
        ({1: SAMPLE}, {"sha256": "nonsense"}, "invalid_checksum"),
        ({1: b"These are my notes."}, {}, "not_audio"),
    ],
)
def test_what_cannot_become_a_recording_is_refused_at_the_end_with_what_is_wrong(
    stack: Stack, uploader: str, tenant: str, parts: dict[int, bytes], completion: dict[str, Any], code: str
) -> None:
    upload = begun(stack, uploader, name="x.wav")
    for number, content in parts.items():
        stack.put(f"{upload}/parts/{number}", token=uploader, content=content)
    answer = stack.post(f"{upload}/complete", token=uploader, json=completion)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert stack.objects(f"{tenant}/audio/") == []


@pytest.mark.parametrize(
    ("described", "status", "code"),
    [
        ({"lane": "fast"}, 422, "invalid_lane"),
        ({"language": "English"}, 422, "invalid_language"),
        ({"nonsense": 1}, 422, "invalid_request"),
        ({"sha256": "abc"}, 422, "invalid_checksum"),
        ({"size_bytes": 1 << 50}, 413, "too_large"),
    ],
)
def test_what_would_be_refused_at_the_end_is_refused_at_the_beginning(
    stack: Stack, uploader: str, described: dict[str, Any], status: int, code: str
) -> None:
    answer = stack.post("/v1/uploads", token=uploader, json=described)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_an_upload_of_another_tenant_does_not_exist(stack: Stack, uploader: str) -> None:
    upload = begun(stack, uploader, name="x.wav")
    stack.put(f"{upload}/parts/1", token=uploader, content=SAMPLE)
    stranger = stack.token("--tenant", "stranger")
    assert stack.get(upload, token=stranger).status_code == 404
    assert stack.put(f"{upload}/parts/1", token=stranger, content=SAMPLE).status_code == 404
    assert stack.post(f"{upload}/complete", token=stranger).status_code == 404
    assert stack.delete(upload, token=stranger).status_code == 404
    assert stack.get(upload, token=uploader).json()["bytes"] == len(SAMPLE)


def test_an_upload_that_was_given_up_is_gone(stack: Stack, uploader: str, tenant: str) -> None:
    upload = begun(stack, uploader, name="x.wav")
    stack.put(f"{upload}/parts/1", token=uploader, content=SAMPLE)
    assert stack.delete(upload, token=uploader).status_code == 204
    assert stack.get(upload, token=uploader).status_code == 404
    assert stack.objects(f"{tenant}/staging/") == []


@pytest.mark.lesson("L12")
def test_a_part_that_breaks_off_leaves_nothing_behind(stack: Stack, uploader: str, tenant: str) -> None:
    upload = begun(stack, uploader, name="x.wav")
    host, _, port = stack.url.removeprefix("http://").partition(":")
    before = stack.objects(f"{tenant}/")
    with socket.create_connection((host, int(port))) as connection:
        head = f"PUT {upload}/parts/1 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {uploader}\r\n"
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + bytes(200_000))
    assert stack.get(upload, token=uploader).json()["parts"] == []
    assert stack.objects(f"{tenant}/") == before


def digest_of(content: bytes) -> dict[str, str]:
    return {"Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"}


@pytest.mark.parametrize("way", ["recording", "form", "part"])
@pytest.mark.parametrize("header", ["digest", "checksum"])
def test_a_checksum_that_does_not_fit_stores_nothing(
    stack: Stack, uploader: str, tenant: str, way: str, header: str
) -> None:
    headers = digest_of(b"other") if header == "digest" else {"X-Checksum-SHA256": sha256(b"other")}
    if way == "part":
        upload = begun(stack, uploader, name="x.wav")
        answer = stack.put(f"{upload}/parts/1", token=uploader, content=SAMPLE, headers=headers)
        assert stack.get(upload, token=uploader).json()["parts"] == []
    elif way == "form":
        answer = stack.post("/v1/recordings", token=uploader, files={"file": ("x.wav", SAMPLE)}, headers=headers)
    else:
        answer = stack.post("/v1/recordings", token=uploader, content=SAMPLE, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "checksum_mismatch"), answer.text
    assert stack.objects(f"{tenant}/audio/") == []


def test_a_checksum_that_fits_is_taken(stack: Stack, uploader: str) -> None:
    both = {**digest_of(SAMPLE), "X-Checksum-SHA256": sha256(SAMPLE).upper()}
    assert stack.post("/v1/recordings", token=uploader, content=SAMPLE, headers=both).status_code == 202
    form = stack.post(
        "/v1/recordings",
        token=uploader,
        files={"file": ("x.wav", SAMPLE)},
        headers={"X-Checksum-SHA256": sha256(SAMPLE)},
    )
    assert form.status_code == 200
    upload = begun(stack, uploader, name="x.wav")
    assert stack.put(f"{upload}/parts/1", token=uploader, content=SAMPLE, headers=both).status_code == 200
