"""Audio is dropped into the folder; everything is then looked at from outside."""

import json
import shutil
import time
from pathlib import Path

import jwt
import pytest
from faster_whisper import WhisperModel

from tests.fixtures.stack import EAR, SAMPLES, Stack
from tests.fixtures.word_errors import word_errors

SIX_FORMATS = {
    "wav": "01-the-weather-is-here.wav",
    "mp3": "02-preserve-the-old-but.mp3",
    "flac": "03-youth-of-today.flac",
    "ogg": "04-a-throw-him-a.ogg",
    "opus": "11-if-not-treat-yourself.opus",
    "m4a": "05-ignorance-is-strength.m4a",
}


@pytest.fixture(scope="session")
def bare() -> WhisperModel:
    return WhisperModel(str(EAR / "model"), device="cpu", compute_type="int8")


def heard_by_bare_faster_whisper(model: WhisperModel, path: Path) -> str:
    segments, _ = model.transcribe(
        str(path),
        beam_size=5,
        temperature=[0.0],
        word_timestamps=True,
        vad_filter=True,
        condition_on_previous_text=False,
    )
    return "".join(segment.text for segment in segments).strip()


@pytest.mark.lesson("L24")
def test_six_formats_dropped_together_end_as_transcripts_with_sidecars(stack: Stack) -> None:
    paths = stack.drop(*SIX_FORMATS.values(), folder="six")
    found = stack.wait_until_settled([f"six/{name}" for name in SIX_FORMATS.values()])
    for path in paths:
        item = found[f"six/{path.name}"]
        assert item["status"] == "transcribed"
        text = stack.get(f"/v1/recordings/{item['recording_id']}/transcript", format="txt").text
        assert text.strip()
        assert path.with_suffix(".txt").read_text() == text
        srt = stack.get(f"/v1/recordings/{item['recording_id']}/transcript", format="srt").text
        assert path.with_suffix(".srt").read_text() == srt
        assert " --> " in srt
    rows = stack.query("SELECT r.recording_id FROM recordings r JOIN transcripts t USING (recording_id)")
    assert {found[f"six/{path.name}"]["recording_id"] for path in paths} <= {str(row["recording_id"]) for row in rows}


@pytest.mark.parametrize("each", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_the_samples_are_heard_at_least_as_well_as_by_bare_faster_whisper(
    stack: Stack, bare: WhisperModel, each: int
) -> None:
    said = {name: facts["text"] for name, facts in json.loads((EAR / "samples.json").read_text()).items()}
    names = sorted(path.name for path in SAMPLES.iterdir())[::each]
    errors = bare_errors = 0
    folder = f"each-{each}"
    stack.drop(*names, folder=folder)
    found = stack.wait_until_settled([f"{folder}/{name}" for name in names])
    for name in names:
        item = found[f"{folder}/{name}"]
        transcript = stack.get(f"/v1/recordings/{item['recording_id']}/transcript").json()
        errors += word_errors(said[name], transcript["text"]).count
        bare_errors += word_errors(said[name], heard_by_bare_faster_whisper(bare, SAMPLES / name)).count
    assert errors <= bare_errors


def test_silence_is_a_transcript_without_words_and_gets_empty_sidecars(stack: Stack) -> None:
    (path,) = stack.drop("silence.wav", folder="quiet")
    stack.wait_until_settled(["quiet/silence.wav"])
    assert path.with_suffix(".txt").read_text() == ""
    assert path.with_suffix(".srt").read_text() == ""


@pytest.mark.lesson("L03")
def test_l03_a_file_copied_slowly_is_one_recording_with_the_whole_hash(stack: Stack) -> None:
    content = (SAMPLES / "10-nobody-knows-what-goes.wav").read_bytes() + b"\0\0" * 5  # bytes of its own
    piece = len(content) // 9
    target = stack.inbox / "slow.wav"
    with target.open("wb") as file:
        for start in range(0, len(content), piece):
            file.write(content[start : start + piece])
            file.flush()
            time.sleep(0.5)
    found = stack.wait_until_settled(["slow.wav"])
    named = [item for item in stack.recordings() if any(s["name"] == "slow.wav" for s in item["sources"])]
    assert len(named) == 1
    assert found["slow.wav"]["status"] == "transcribed"
    import hashlib

    assert found["slow.wav"]["sha256"] == hashlib.sha256(content).hexdigest()
    assert len(stack.objects(f"default/audio/{found['slow.wav']['sha256']}")) == 1


@pytest.mark.lesson("L11")
def test_a_text_file_named_wav_is_refused_with_its_reason_beside_it_and_in_the_api(stack: Stack) -> None:
    path = stack.inbox / "notes.wav"
    path.write_text("These are my notes, and no sound at all.\n")
    item = stack.wait_until_settled(["notes.wav"])["notes.wav"]
    assert item["status"] == "rejected"
    assert item["reason"]["code"] == "not_audio"
    assert "sha256" not in item
    import json

    beside = json.loads((stack.inbox / "notes.wav.reason.json").read_text())
    assert beside["code"] == "not_audio"
    assert beside["detail"] == item["reason"]["detail"]
    assert path.read_text().startswith("These are my notes")
    listed = [i["recording_id"] for i in stack.recordings(status="rejected")]
    assert item["recording_id"] in listed


def test_the_same_bytes_in_two_places_are_one_recording_with_two_sources_and_sidecars_each(stack: Stack) -> None:
    first, second = (stack.inbox / name / "twin.wav" for name in ("one", "two"))
    for path in (first, second):
        path.parent.mkdir()
        shutil.copyfile(SAMPLES / "telephone-8khz.wav", path)
    found = stack.wait_until_settled(["one/twin.wav", "two/twin.wav"])
    assert found["one/twin.wav"]["recording_id"] == found["two/twin.wav"]["recording_id"]
    assert first.with_suffix(".txt").read_text() == second.with_suffix(".txt").read_text() != ""


def test_a_file_of_somebody_else_is_never_overwritten(stack: Stack) -> None:
    target = stack.inbox / "mine.wav"
    notes = stack.inbox / "mine.txt"
    notes.write_text("my own notes")
    shutil.copyfile(SAMPLES / "06-lets-hope-its-nothing.wav", target)
    stack.wait_until_settled(["mine.wav"])
    assert notes.read_text() == "my own notes"
    assert (stack.inbox / "mine.wav.txt").read_text().strip()


def test_a_sidecar_that_was_deleted_comes_back(stack: Stack) -> None:
    (path,) = stack.drop("12-especially-if-youre-a.wav", folder="repair")
    stack.wait_until_settled([f"repair/{path.name}"])
    said = path.with_suffix(".txt").read_text()
    path.with_suffix(".txt").unlink()
    stack.until(lambda: path.with_suffix(".txt").exists())
    assert path.with_suffix(".txt").read_text() == said


@pytest.mark.lesson("L08")
@pytest.mark.parametrize(
    "path", ["/v1/recordings", "/v1/status", f"/v1/recordings/{'0' * 8}-0000-0000-0000-{'0' * 12}"]
)
@pytest.mark.parametrize("token", ["", "forged", "x.y.z"])
def test_no_token_and_a_forged_one_are_answered_with_401(stack: Stack, path: str, token: str) -> None:
    forged = jwt.encode(
        {
            "iss": "ai2text-embedded",
            "aud": "ai2text",
            "sub": "me",
            "tenant": "default",
            "scope": "admin recordings:read",
            "iat": int(time.time()),
            "exp": int(time.time()) + 60,
        },
        "k" * 32,
        algorithm="HS256",
    )
    answer = stack.get(path, token=forged if token == "forged" else token)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_another_tenants_recording_does_not_exist(stack: Stack) -> None:
    stack.drop("studio-48khz-stereo.flac", folder="private")
    item = stack.wait_until_settled(["private/studio-48khz-stereo.flac"])["private/studio-48khz-stereo.flac"]
    stranger = stack.token("--tenant", "stranger")
    assert stack.get(f"/v1/recordings/{item['recording_id']}", token=stranger).status_code == 404
    assert stack.get(f"/v1/recordings/{item['recording_id']}/transcript", token=stranger).status_code == 404
    assert stack.get("/v1/recordings", token=stranger).json() == {"items": [], "next": None}


@pytest.mark.lesson("L08")
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/", "/v1"])
def test_l08_nothing_of_the_inside_shows_on_the_public_port(stack: Stack, path: str) -> None:
    answer = stack.get(path)
    assert answer.status_code == 404
    assert "server" not in answer.headers
    assert set(answer.json()) == {"type", "title", "status", "code", "detail", "instance", "request_id"}


def test_a_page_of_recordings_leads_to_the_next(stack: Stack) -> None:
    stack.drop("noise.wav", "silence.wav", folder="pages")
    stack.wait_until_settled(["pages/noise.wav", "pages/silence.wav"])
    everything = [item["recording_id"] for item in stack.recordings()]
    walked: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = stack.get("/v1/recordings", limit="2", **after).json()
        walked += [item["recording_id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after_id": page["next"]}
    assert walked == everything


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "1001"}, {"after_id": "?"}, {"status": "lost"}])
def test_a_bad_query_is_refused_with_what_is_wrong(stack: Stack, query: dict[str, str]) -> None:
    answer = stack.get("/v1/recordings", **query)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_other_bytes_under_the_same_name_are_a_new_recording_and_the_old_one_says_so(stack: Stack) -> None:
    name = "over/talk.wav"
    path = stack.inbox / name
    path.parent.mkdir()
    path.write_bytes((SAMPLES / "12-especially-if-youre-a.wav").read_bytes() + b"\0\0" * 3)  # bytes of its own
    old = stack.wait_until_settled([name])[name]["recording_id"]
    path.write_bytes((SAMPLES / "06-lets-hope-its-nothing.wav").read_bytes() + b"\0\0" * 3)

    def current() -> str:
        held = [item for item in stack.recordings() if name in [source["name"] for source in item["sources"]]]
        (holder,) = [item["recording_id"] for item in held if "superseded_by" not in item] or [old]
        return str(holder)

    stack.until(lambda: current() != old)
    shown = stack.get(f"/v1/recordings/{old}").json()
    assert shown["superseded_by"] == current()
    assert shown["status"] == "transcribed", "it stays what it was"
