"""A tenant that has used up its month is told so at the door, by every way that audio comes in."""

import os
import subprocess
import sys

import pytest

from tests.fixtures.stack import SAMPLES, Stack

TENANT = "frugal"


def allow(stack: Stack, seconds: str) -> None:
    dsn = stack.environment_of(r"ai2text\.metadata")["AI2TEXT_POSTGRES_DSN"]
    command = [sys.executable, "-m", "ai2text.metadata.set_quota", TENANT, seconds]
    subprocess.run(command, env={**os.environ, "AI2TEXT_POSTGRES_DSN": dsn}, check=True, timeout=60)


@pytest.fixture(scope="module")
def token(stack: Stack) -> str:
    return stack.token("--tenant", TENANT)


@pytest.mark.slow
def test_audio_is_taken_until_the_quota_is_used_up_and_then_refused_with_a_time(stack: Stack, token: str) -> None:
    content = (SAMPLES / "01-the-weather-is-here.wav").read_bytes()
    allow(stack, "1")
    received = stack.post("/v1/recordings", token=token, content=content).json()
    assert stack.get(f"/v1/jobs/{received['job_id']}", token=token, wait="60").json()["status"] == "completed"
    stack.until(lambda: stack.post("/v1/recordings", token=token, content=content).status_code == 429, 30)
    file = {"file": ("a.wav", content)}
    refused = {
        "raw": stack.post("/v1/recordings", token=token, content=content),
        "form": stack.post("/v1/recordings", token=token, files=file),
        "parts": stack.post("/v1/uploads", token=token, json={"name": "a.wav"}),
        "openai": stack.post("/v1/audio/transcriptions", token=token, files=file, data={"model": "whisper-1"}),
    }
    for way, answer in refused.items():
        assert answer.status_code == 429, way
        assert 0 < int(answer.headers["retry-after"]) <= 31 * 86_400
        assert "used up" in answer.text
    path = f"/v1/recordings/{received['recording_id']}/transcript"
    assert stack.get(path, token=token).status_code == 200, "what is there stays readable"
    allow(stack, "none")
    stack.until(lambda: stack.post("/v1/recordings", token=token, content=content).status_code == 200, 30)
