"""The commands that list, search, build and replay, as people and scripts run them."""

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nats
import pytest

from ai2text.common import subjects
from tests.fixtures.stack import SAMPLES, Stack

WEATHER, NOTHING, NOISE = "01-the-weather-is-here.wav", "06-lets-hope-its-nothing.wav", "noise.wav"


def ai2text(stack: Stack, *args: str, token: str = "") -> subprocess.CompletedProcess[str]:
    """On the stack's own data directory, or with a token on its address."""
    where = ["--url", stack.url] if token else []
    command = [sys.executable, "-m", "ai2text.cli", *args, "--data", str(stack.data), *where]
    env = {**stack.env, "AI2TEXT_TOKEN": token}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, timeout=120)


def told(stack: Stack, *args: str, token: str = "") -> list[str]:
    """The lines of a command that ends well, with single spaces."""
    done = ai2text(stack, *args, token=token)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def objects(stack: Stack, *args: str, token: str = "") -> Any:
    done = ai2text(stack, *args, "--json", token=token)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def send(stack: Stack, token: str, *names: str) -> list[dict[str, str]]:
    """Uploads samples and waits for their transcripts."""
    sent = []
    for name in names:
        answer = stack.post("/v1/recordings", token=token, params={"name": name}, content=(SAMPLES / name).read_bytes())
        sent.append(answer.json())
    for received in sent:
        job = stack.get(f"/v1/jobs/{received['job_id']}", token=token, wait="30").json()
        assert job["status"] == "completed"
    return sent


def test_recordings_are_listed_with_their_text_and_the_next_step_where_there_are_none(
    stack: Stack, uploader: str
) -> None:
    (sentence,) = told(stack, "recordings", token=uploader)
    assert sentence.startswith("There are no recordings yet: drop some into the inbox")
    weather, noise = send(stack, uploader, WEATHER, NOISE)
    header, *lines = told(stack, "recordings", token=uploader)
    assert header == "recording status length language name text, or why not"
    assert lines == [
        f"{noise['recording_id']} transcribed 0:06 en {NOISE} (no words were heard)",
        f"{weather['recording_id']} transcribed 0:03 en {WEATHER} The weather is here I wish you were beautiful.",
    ]
    assert len(told(stack, "recordings", "--limit", "1", token=uploader)) == 2
    assert told(stack, "recordings", "--status", "failed", token=uploader)[0].startswith("No recording matches")
    items = objects(stack, "recordings", token=uploader)
    assert items == stack.get("/v1/recordings", token=uploader).json()["items"]


def test_a_refused_file_is_listed_in_its_own_words(stack: Stack) -> None:
    (stack.inbox / "letters.wav").write_text("Dear Sir or Madam")
    stack.wait_until_settled(["letters.wav"])
    lines = told(stack, "recordings", "--status", "rejected")
    assert any("rejected letters.wav Whatever its name says, the content is neither audio" in line for line in lines)


def test_jobs_are_listed_with_their_ids(stack: Stack, uploader: str) -> None:
    assert told(stack, "jobs", token=uploader)[0].startswith("There are no jobs yet")
    weather, noise = send(stack, uploader, WEATHER, NOISE)
    _, *lines = told(stack, "jobs", token=uploader)
    assert [line.split()[:3] for line in lines] == [
        [sent["job_id"], sent["recording_id"], "completed"] for sent in (noise, weather)
    ]
    assert [job["job_id"] for job in objects(stack, "jobs", "--limit", "1", token=uploader)] == [noise["job_id"]]
    assert told(stack, "jobs", "--status", "failed", token=uploader)[0].startswith("No job is failed")


def test_a_search_tells_the_recording_the_time_and_the_words(stack: Stack, uploader: str) -> None:
    weather, _ = send(stack, uploader, WEATHER, NOTHING)
    recording, hit = told(stack, "search", "weather", token=uploader)
    assert recording == f"{WEATHER} {weather['recording_id']}"
    assert hit.startswith("0:0")
    assert hit.endswith("The weather is here I wish you were beautiful.")
    (item,) = objects(stack, "search", "weather", token=uploader)
    assert "<mark>weather</mark>" in item["highlight"]
    (_, marked) = told(stack, "search", "let's hope", token=uploader)
    assert "Let's hope it's nothing trivial." in marked
    assert told(stack, "search", "aardvark", token=uploader)[0].startswith("Nobody says 'aardvark'")


@pytest.mark.slow
def test_a_dead_letter_is_listed_shown_and_replayed(stack: Stack) -> None:
    before = dead_letters(stack).keys()
    asyncio.run(publish(stack, subjects.RECORDING_INGESTED, f"no JSON {len(before)}".encode()))
    stack.until(lambda: dead_letters(stack).keys() != before)
    (dead,) = dead_letters(stack).keys() - before
    reason = dead_letters(stack)[dead]["reason"]["code"]
    assert any(line.startswith(dead) and reason in line for line in told(stack, "dead-letters", "list"))
    assert any(line.startswith("payload base64") for line in told(stack, "dead-letters", "show", dead))
    assert objects(stack, "dead-letters", "show", dead)["dead_letter_id"] == dead

    assert told(stack, "dead-letters", "replay", dead) == ["dead letter job status", f"{dead} replayed"]
    assert dead_letters(stack)[dead]["replayed_at"]
    missing = ai2text(stack, "dead-letters", "replay", "00000000-0000-0000-0000-000000000000", dead)
    assert missing.returncode == 1
    assert "There is no such dead letter" in missing.stdout
    assert " ".join(missing.stdout.splitlines()[-1].split()) == f"{dead} replayed"

    stack.until(lambda: len(dead_letters(stack).keys() - before) == 2)  # what was broken is broken still
    (again,) = dead_letters(stack).keys() - before - {dead}
    answers = objects(stack, "dead-letters", "replay", "--all")
    assert {"dead_letter_id": again, "job_id": None, "status": "replayed"} in answers
    assert dead not in {answer["dead_letter_id"] for answer in answers}
    refused = ai2text(stack, "dead-letters", "list", token=stack.token("--scope", "recordings:read"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "scope admin" in refused.stderr


def dead_letters(stack: Stack) -> dict[str, dict[str, Any]]:
    """The newest."""
    items = stack.get("/v1/dead-letters", limit="1000").json()["items"]
    return {letter["dead_letter_id"]: letter for letter in items}


async def publish(stack: Stack, subject: str, content: bytes) -> None:
    env = stack.environment_of(r"ai2text\.asr")
    client = await nats.connect(
        env["AI2TEXT_NATS_URL"], user=env["AI2TEXT_NATS_USER"], password=env["AI2TEXT_NATS_PASSWORD"]
    )
    try:
        await client.jetstream().publish(subject, content)
    finally:
        await client.close()


def test_a_dataset_is_built_copied_and_listed(stack: Stack, uploader: str, tmp_path: Path) -> None:
    assert told(stack, "dataset", "list", token=uploader)[0].startswith("There are no datasets yet")
    send(stack, uploader, WEATHER, NOTHING, NOISE)
    out = tmp_path / "out"
    done = ai2text(stack, "dataset", "build", "calls", "--output", str(out), token=uploader)
    assert done.returncode == 0, done.stderr
    assert "calls@1 is published: 2 rows, 0.00 hours." in done.stdout
    assert "Left out, no text: 1 row, 0.00 hours." in done.stdout
    (item,) = objects(stack, "dataset", "list", token=uploader)
    assert (item["name"], item["version"], item["status"]) == ("calls", 1, "published")
    version = stack.get("/v1/datasets/calls/versions/1", token=uploader).json()
    assert version["files"]
    for file in version["files"]:
        content = (out / file["path"]).read_bytes()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (file["sha256"], file["bytes"])
        assert file["path"] in done.stdout
    assert len([path for path in out.rglob("*") if path.is_file()]) == len(version["files"])
    definition = tmp_path / "calls.toml"
    definition.write_text('name = "calls"\nformats = ["nemo"]\n')
    again = objects(stack, "dataset", "build", "calls", "--definition", str(definition), token=uploader)
    assert (again["version"], again["status"]) == (2, "published")
    (out / version["files"][0]["path"]).write_text("mine")
    refused = ai2text(stack, "dataset", "build", "calls", "--output", str(out), token=uploader)
    assert refused.returncode == 1
    assert "is another file already" in refused.stderr
    assert (out / version["files"][0]["path"]).read_text() == "mine"


def test_a_dataset_that_fails_says_why(stack: Stack, uploader: str, tmp_path: Path) -> None:
    done = ai2text(stack, "dataset", "build", "../calls", token=uploader)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ai2text: ")
    broken = tmp_path / "broken.json"
    broken.write_text('{\n"formats": [,]}')
    done = ai2text(stack, "dataset", "build", "calls", "--definition", str(broken), token=uploader)
    assert (done.returncode, done.stdout) == (1, "")
    assert "broken.json, line 2, column 13" in done.stderr


@pytest.mark.parametrize("scope", ["admin", ""])
def test_the_status_is_for_whoever_may_read(stack: Stack, uploader: str, tenant: str, scope: str) -> None:
    send(stack, uploader, WEATHER)
    token = uploader if scope else stack.token("--tenant", tenant, "--scope", "recordings:read")
    lines = told(stack, "status", token=token)
    assert "queued transcribing transcribed failed cancelled rejected" in lines
    assert "lane jobs audio minutes" in lines
    assert ("service version seen ready instance" in lines) == bool(scope)
    assert objects(stack, "status", token=token)["recordings"]["transcribed"] >= 1


def test_a_token_is_printed_alone_and_opens_the_door(stack: Stack) -> None:
    (token,) = told(stack, "token", "--tenant", "printed")
    assert stack.get("/v1/recordings", token=token).json() == {"items": [], "next": None}
