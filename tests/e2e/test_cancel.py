"""Jobs that are called off: while they wait, while they are worked on, and too late."""

import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from ai2text.common.contracts.codec import decode_outcome
from ai2text.common.contracts.outcome import Cancellation
from tests.fixtures.stack import SAMPLES, Stack

SAMPLE = SAMPLES / "01-the-weather-is-here.wav"


def long_recording(path: Path, minutes: int) -> Path:
    """The same sentence again and again; of another length it is another recording."""
    with wave.open(str(SAMPLE)) as short, wave.open(str(path), "wb") as long:
        long.setparams(short.getparams())
        seconds = short.getnframes() / short.getframerate()
        frames = short.readframes(short.getnframes())
        for _ in range(round(minutes * 60 / seconds)):
            long.writeframes(frames)
    return path


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One worker with one slot for the bulk lane."""
    env = {"AI2TEXT_ASR_BULK_JOBS": "1", "AI2TEXT_UPLOAD_OPTIONS": '{"temperature": [0.0]}'}
    running = Stack(tmp_path_factory.mktemp("cancel"), env=env)
    running.start()
    yield running
    assert running.stop() == 0, running.tail()
    assert running.leftovers() == []


def job_of(stack: Stack, job_id: str, **params: str) -> dict[str, Any]:
    job: dict[str, Any] = stack.get(f"/v1/jobs/{job_id}", **params).json()
    return job


def uploaded(stack: Stack, path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        received: dict[str, Any] = stack.post("/v1/recordings", files={"file": file}).json()
    return received


def logged(stack: Stack, event: str) -> list[str]:
    """The jobs of which the worker says so."""
    lines = (stack.data / "logs" / "asr.log").read_text().splitlines()
    records = [json.loads(line) for line in lines if f'"{event}"' in line]
    return [record["job_id"] for record in records if record["event"] == event]


@pytest.mark.lesson("L34")
def test_l34_a_job_is_cancelled_while_it_waits_and_while_it_is_decoded_and_the_next_one_runs(
    stack: Stack, tmp_path: Path
) -> None:
    long = uploaded(stack, long_recording(tmp_path / "long.wav", minutes=30))
    stack.until(lambda: job_of(stack, long["job_id"])["status"] == "running")
    waiting = uploaded(stack, SAMPLES / "03-youth-of-today.flac")
    following = uploaded(stack, SAMPLE)

    for received in (waiting, long):
        for _ in range(2):
            answer = stack.delete(f"/v1/jobs/{received['job_id']}")
            assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert stack.get(f"/v1/recordings/{received['recording_id']}").json()["status"] == "cancelled"
    assert job_of(stack, following["job_id"], wait="60")["status"] == "completed"
    stack.until(lambda: stack.messages("WORK") == 0)

    assert long["job_id"] in logged(stack, "job_abandoned")
    assert following["job_id"] in logged(stack, "recording_decoded")
    for received in (waiting, long):
        assert received["job_id"] not in logged(stack, "recording_decoded")
        assert job_of(stack, received["job_id"])["status"] == "cancelled"
        outcome = stack.store().get(f"default/outcomes/{received['job_id']}.json")
        assert isinstance(decode_outcome(outcome), Cancellation)
    assert stack.messages("DEAD") == 0

    too_late = stack.delete(f"/v1/jobs/{following['job_id']}")
    assert too_late.status_code == 409
    assert "completed" in too_late.json()["detail"]
    assert job_of(stack, following["job_id"])["status"] == "completed"


def test_a_cancelled_file_of_the_folder_leaves_nothing_to_wait_for_and_a_rerun_brings_its_sidecars(
    stack: Stack, tmp_path: Path
) -> None:
    long = uploaded(stack, long_recording(tmp_path / "another.wav", minutes=31))
    stack.until(lambda: job_of(stack, long["job_id"])["status"] == "running")
    stack.drop("08-smoking-is-one-of.flac")
    stack.until(lambda: "08-smoking-is-one-of.flac" in stack.by_name())
    recording = stack.by_name()["08-smoking-is-one-of.flac"]
    cancelled = stack.delete(f"/v1/jobs/{recording['job_id']}").json()
    assert cancelled["status"] == "cancelled"
    stack.delete(f"/v1/jobs/{long['job_id']}")
    found = stack.wait_until_settled(["08-smoking-is-one-of.flac"])
    assert found["08-smoking-is-one-of.flac"]["status"] == "cancelled"
    assert [path.name for path in stack.inbox.iterdir()] == ["08-smoking-is-one-of.flac"]

    ask = {"recording_id": recording["recording_id"], "options": json.loads(stack.env["AI2TEXT_FOLDER_OPTIONS"])}
    rerun = stack.post("/v1/jobs", json={**ask, "rerun": True})
    assert (rerun.status_code, rerun.json()["replaces"]) == (202, recording["job_id"])
    found = stack.wait_until_settled(["08-smoking-is-one-of.flac"])
    assert found["08-smoking-is-one-of.flac"]["status"] == "transcribed"
    stack.until((stack.inbox / "08-smoking-is-one-of.txt").exists)


def test_who_waits_for_a_cancelled_job_as_openai_would_is_told_so(stack: Stack, tmp_path: Path) -> None:
    long = uploaded(stack, long_recording(tmp_path / "third.wav", minutes=32))
    stack.until(lambda: job_of(stack, long["job_id"])["status"] == "running")
    path = SAMPLES / "12-especially-if-youre-a.wav"
    for received in (uploaded(stack, path), long):
        assert stack.delete(f"/v1/jobs/{received['job_id']}").status_code == 200
    with (
        openai.OpenAI(api_key=stack.token(), base_url=f"{stack.url}/v1") as client,
        pytest.raises(openai.ConflictError) as caught,
    ):
        client.audio.transcriptions.create(file=path, model="whisper-1")
    assert caught.value.code == "job_cancelled"
