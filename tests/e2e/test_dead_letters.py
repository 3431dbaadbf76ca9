"""Messages that nobody can read are kept, explained, and tried again when somebody says so."""

import asyncio
import base64
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import nats

from ai2text.common import subjects
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.states import Lane, Task
from ai2text.common.contracts.transcription import TranscriptionOptions, TranscriptionRequested
from tests.fixtures.stack import SAMPLES, Stack

SUBJECT = "recording.rejected.v1"
"""Read by the catalogue alone."""


def publish(stack: Stack, subject: str, payload: bytes) -> None:
    asyncio.run(_publish(stack.environment_of(r"ai2text\.asr"), subject, payload))


async def _publish(env: dict[str, str], subject: str, payload: bytes) -> None:
    client = await nats.connect(
        env["AI2TEXT_NATS_URL"], user=env["AI2TEXT_NATS_USER"], password=env["AI2TEXT_NATS_PASSWORD"]
    )
    try:
        await client.jetstream().publish(subject, payload)
    finally:
        await client.close()


def with_payload(stack: Stack, payload: bytes) -> list[dict[str, Any]]:
    """The dead letters that hold it, the newest first."""
    listed = stack.get("/v1/dead-letters").json()["items"]
    shown = [stack.get(f"/v1/dead-letters/{item['dead_letter_id']}").json() for item in listed]
    return [letter for letter in shown if base64.b64decode(letter["payload_base64"]) == payload]


def test_a_message_that_nobody_can_read_is_listed_shown_and_replayed(stack: Stack) -> None:
    payload = f'{{"no": "event {uuid4()}"'.encode()
    publish(stack, SUBJECT, payload)
    stack.until(lambda: len(with_payload(stack, payload)) == 1)
    (letter,) = with_payload(stack, payload)
    assert letter["reason"]["code"] == "undecodable"
    assert letter["reason"]["detail"]
    assert (letter["subject"], letter["durable"], letter["deliveries"]) == (SUBJECT, "metadata", 1)
    assert (letter["tenant"], letter["payload"], letter["replayed_at"]) == (None, None, None)
    assert "Poison" in letter["traceback"]

    first = replay(stack, letter["dead_letter_id"])
    again = replay(stack, letter["dead_letter_id"])
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    assert first.json() == {"dead_letter_id": letter["dead_letter_id"], "job_id": None, "status": "replayed"}
    stack.until(lambda: len(with_payload(stack, payload)) == 2)
    newer, older = with_payload(stack, payload)
    assert older["dead_letter_id"] == letter["dead_letter_id"]
    assert older["replayed_at"]
    assert older["replayed_as"]
    assert newer["replayed_at"] is None


def test_a_request_that_was_given_up_is_replayed_as_a_new_job_and_done(
    stack: Stack, tenant: str, uploader: str
) -> None:
    with (SAMPLES / "06-lets-hope-its-nothing.wav").open("rb") as file:
        received = stack.post("/v1/recordings", token=uploader, files={"file": file}).json()
    stack.get(f"/v1/jobs/{received['job_id']}", token=uploader, wait="60")
    request = unreadable(stack, tenant, stack.get(f"/v1/recordings/{received['recording_id']}", token=uploader).json())
    publish(stack, subjects.subject_of(request), encode(request))
    stack.until(lambda: len(with_payload(stack, encode(request))) == 1)
    (letter,) = with_payload(stack, encode(request))
    assert (letter["tenant"], letter["job_id"]) == (tenant, request.job_id)

    answer = replay(stack, letter["dead_letter_id"])
    assert answer.status_code == 202
    job = stack.get(f"/v1/jobs/{answer.json()['job_id']}", token=uploader, wait="60").json()
    assert (job["status"], job["generation"], job["replaces"]) == ("completed", 1, request.job_id)
    assert stack.get(f"/v1/recordings/{received['recording_id']}/transcript", token=uploader).json()["revision"] == 2
    assert replay(stack, letter["dead_letter_id"]).json() == answer.json()


def unreadable(stack: Stack, tenant: str, recording: dict[str, Any]) -> TranscriptionRequested:
    """A job for the recording whose outcome stands already, and is none."""
    model = stack.environment_of(r"ai2text\.asr")["AI2TEXT_ASR_MODEL"]
    options = TranscriptionOptions(beam_size=2, temperature=(0.0,))
    audio_key = f"{tenant}/audio/{recording['sha256']}"
    return TranscriptionRequested(
        tenant=tenant,
        recording_id=recording["recording_id"],
        job_id=identity.job_id(recording["recording_id"], model, Task.TRANSCRIBE, options, generation=0),
        lane=Lane.INTERACTIVE,
        audio_key=audio_key,
        sha256=recording["sha256"],
        size_bytes=recording["size_bytes"],
        duration_seconds=recording["duration_seconds"],
        model=model,
        options=options,
        outcome_key=audio_key,
        requested_at=datetime.now(UTC),
    )


def replay(stack: Stack, dead_letter_id: str) -> httpx.Response:
    return stack.post(f"/v1/dead-letters/{dead_letter_id}/replay")


def test_only_an_admin_sees_dead_letters(stack: Stack) -> None:
    reader = stack.token("--scope", "recordings:read", "--scope", "recordings:write")
    assert stack.get("/v1/dead-letters", token=reader).status_code == 403
    assert stack.post(f"/v1/dead-letters/{uuid4()}/replay", token=reader).status_code == 403


def test_a_dead_letter_that_does_not_exist_is_a_404(stack: Stack) -> None:
    assert stack.get(f"/v1/dead-letters/{uuid4()}").status_code == 404
    assert replay(stack, str(uuid4())).status_code == 404
