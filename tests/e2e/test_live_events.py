"""What is heard is told while the rest is still being heard: as server-sent events, and as OpenAI streams it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import openai
import pytest

from tests.fixtures.stack import SAMPLES, Stack

LONG = "long-two-minutes.flac"


@dataclass
class Event:
    name: str = ""
    place: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


def events_in(lines: Iterator[str]) -> Iterator[Event]:
    """After the rules of the format; comments and `retry` say nothing to us."""
    event, said = Event(), False
    for line in lines:
        name, _, value = line.partition(": ")
        match name:
            case "event":
                event.name = value
            case "id":
                event.place = value
            case "data":
                event.data, said = json.loads(value), True
            case "" if not line:
                if said:
                    yield event
                event, said = Event(), False


def events(stack: Stack, job_id: str, token: str, after: str | None = None) -> list[Event]:
    """To their end."""
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": after} if after else {})
    with httpx.stream("GET", f"{stack.url}/v1/jobs/{job_id}/events", headers=headers, timeout=60) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(events_in(answer.iter_lines()))


def upload(stack: Stack, token: str, name: str = LONG) -> dict[str, str]:
    answer = stack.post("/v1/recordings", token=token, content=(SAMPLES / name).read_bytes())
    assert answer.status_code == 202, answer.text
    received: dict[str, str] = answer.json()
    return received


def texts(found: list[Event]) -> list[str]:
    return [segment["text"] for event in found if event.name == "segments" for segment in event.data["segments"]]


def said_in(stack: Stack, received: dict[str, str], token: str) -> list[str]:
    path = f"/v1/recordings/{received['recording_id']}/transcript"
    return [segment["text"] for segment in stack.get(path, token=token).json()["segments"]]


def test_a_job_is_told_piece_by_piece_and_a_listener_may_go_on_where_it_left_off(stack: Stack) -> None:
    token = stack.token("--tenant", "listeners")
    received = upload(stack, token)
    found = events(stack, received["job_id"], token)
    pieces = [event for event in found if event.name == "segments"]
    assert len(pieces) >= 4
    assert pieces[0].data["reached_seconds"] < pieces[0].data["duration_seconds"] / 2
    assert len({event.place for event in pieces}) == len(pieces)
    assert found[-1].name == "completed"
    assert found[-1].data["job_id"] == received["job_id"]
    whole = said_in(stack, received, token)
    assert texts(found) == whole
    for number, piece in enumerate(pieces):
        rest = events(stack, received["job_id"], token, after=piece.place)
        assert [event.place for event in rest if event.name == "segments"] == [
            one.place for one in pieces[number + 1 :]
        ]
        assert rest[-1].name == "completed"


@pytest.mark.parametrize("after", [None, "999999999", "nonsense", "-1", "1e9", "9" * 30])
def test_of_a_job_that_has_ended_everything_is_told_wherever_a_listener_claims_to_have_been(
    stack: Stack, after: str | None
) -> None:
    token = stack.token("--tenant", "latecomers")
    received = stack.post("/v1/recordings", token=token, content=(SAMPLES / LONG).read_bytes()).json()
    assert stack.get(f"/v1/jobs/{received['job_id']}", token=token, wait="60").json()["status"] == "completed"
    found = events(stack, received["job_id"], token, after)
    assert texts(found) == said_in(stack, received, token)
    assert found[-1].name == "completed"


def test_a_job_that_is_nobodys_or_another_tenants_has_no_events(stack: Stack) -> None:
    token = stack.token("--tenant", "curious")
    theirs = upload(stack, stack.token("--tenant", "private"), "01-the-weather-is-here.wav")["job_id"]
    for job_id, status in ((theirs, 404), ("00000000-0000-0000-0000-000000000000", 404), ("no-id", 422)):
        assert stack.get(f"/v1/jobs/{job_id}/events", token=token).status_code == status


def test_a_failed_job_ends_its_events_with_the_reason(stack: Stack) -> None:
    token = stack.token("--tenant", "hasty")
    received = upload(stack, token, "01-the-weather-is-here.wav")
    asked = stack.post(
        "/v1/jobs", token=token, json={"recording_id": received["recording_id"], "model": "/no/such/model"}
    ).json()
    (last,) = events(stack, asked["job_id"], token)[-1:]
    assert last.name == "failed"
    assert last.data["error"]["detail"]


def test_openai_streams_text_as_it_is_heard(stack: Stack) -> None:
    with openai.OpenAI(api_key=stack.token("--tenant", "streamers"), base_url=f"{stack.url}/v1") as client:
        stream = client.audio.transcriptions.create(file=SAMPLES / LONG, model="whisper-1", stream=True)
        said = list(stream)
    deltas = [event.delta for event in said if event.type == "transcript.text.delta"]
    (done,) = [event for event in said if event.type == "transcript.text.done"]
    assert len(deltas) >= 4
    assert "".join(deltas) == done.text
    assert said[-1] is done
    assert done.usage is not None


async def test_openai_streams_to_its_asynchronous_client_and_what_stands_already_at_once(stack: Stack) -> None:
    async with openai.AsyncOpenAI(api_key=stack.token("--tenant", "streamers"), base_url=f"{stack.url}/v1") as client:
        texts_of = []
        for _ in range(2):
            stream = await client.audio.transcriptions.create(file=SAMPLES / LONG, model="whisper-1", stream=True)
            said = [event async for event in stream]
            assert said[-1].type == "transcript.text.done"
            texts_of.append(said[-1].text)
            assert "".join(event.delta for event in said if event.type == "transcript.text.delta") == said[-1].text
    assert texts_of[0] == texts_of[1]
