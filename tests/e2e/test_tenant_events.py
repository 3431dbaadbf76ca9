"""What happens in a tenant: as server-sent events, over a WebSocket and by long polling, all the same."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.e2e.test_live_events import events_in, upload
from tests.fixtures.stack import Stack

Document = dict[str, Any]
WITHIN_SECONDS = 60
CLIP = "01-the-weather-is-here.wav"
KINDS = ["recording.ingested", "transcription.started", "recording.transcribed"]
OTHER = "06-lets-hope-its-nothing.wav"


@contextmanager
def event_stream(stack: Stack, token: str, after: str | None = None, **query: Any) -> Iterator[Iterator[Document]]:
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": after} if after else {})
    url = f"{stack.url}/v1/events"
    with httpx.stream("GET", url, headers=headers, params=query, timeout=WITHIN_SECONDS) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield (event.data for event in events_in(answer.iter_lines()))


@contextmanager
def socket(stack: Stack, token: str, query: str = "", **options: Any) -> Iterator[ClientConnection]:
    url = f"{stack.url.replace('http', 'ws')}/v1/events{query}"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with connect(url, additional_headers=headers, proxy=None, **options) as connection:
        yield connection


def said(connection: ClientConnection) -> Iterator[Document]:
    """Without those that only tell how far nothing was."""
    while True:
        document = json.loads(connection.recv(timeout=WITHIN_SECONDS))
        if document["type"] != "cursor":
            yield document


def first(count: int, documents: Iterator[Document]) -> list[Document]:
    return [next(documents) for _ in range(count)]


@pytest.mark.lesson("L37")
def test_l37_a_stream_a_socket_and_polling_tell_the_same_and_go_on_from_each_others_cursors(stack: Stack) -> None:
    token = stack.token("--tenant", "watchful")
    begin = stack.get("/v1/events", token=token, wait="0").json()
    assert begin["items"] == []
    with event_stream(stack, token) as told, socket(stack, token) as connection:
        received = upload(stack, token, CLIP)
        streamed, spoken = first(3, told), first(3, said(connection))
    assert streamed == spoken
    assert [document["type"] for document in streamed] == KINDS
    assert {document["data"]["job_id"] for document in streamed} == {received["job_id"]}
    listed: list[Document] = []
    cursor = begin["next"]
    while len(listed) < len(streamed):
        page = stack.get("/v1/events", token=token, wait="5", after=cursor, limit="1").json()
        assert len(page["items"]) == 1
        listed, cursor = listed + page["items"], page["next"]
    assert listed == streamed
    with event_stream(stack, token, after=streamed[0]["cursor"]) as told:
        assert first(2, told) == streamed[1:]
    with socket(stack, token, f"?after={listed[1]['cursor']}") as connection:
        assert first(1, said(connection)) == streamed[2:]


def test_what_was_told_can_be_read_at_once(stack: Stack) -> None:
    token = stack.token("--tenant", "readers")
    with event_stream(stack, token, type="recording.transcribed") as told:
        received = upload(stack, token, CLIP)
        (document,) = first(1, told)
    assert document["data"] == {**received_ids(received), "revision": 1, "current": True}
    answer = stack.get(f"/v1/recordings/{received['recording_id']}/transcript", token=token)
    assert answer.status_code == 200
    assert answer.json()["text"]


def received_ids(received: Document) -> Document:
    return {name: received[name] for name in ("recording_id", "job_id")}


def test_another_tenant_is_told_nothing_of_it(stack: Stack) -> None:
    theirs, ours = stack.token("--tenant", "open"), stack.token("--tenant", "closed")
    with event_stream(stack, ours) as told:
        upload(stack, theirs, CLIP)
        received = upload(stack, ours, OTHER)
        found = first(3, told)
    assert {document["data"]["job_id"] for document in found} == {received["job_id"]}
    (missed,) = stack.get("/v1/events", token=theirs, wait="0", after=found[0]["cursor"]).json()["items"]
    assert missed["type"] == "events.missed"
    rest = stack.get("/v1/events", token=ours, wait="0", after=found[0]["cursor"]).json()["items"]
    assert rest == found[1:]


def test_a_long_poll_answers_when_something_happens_and_when_nothing_does(stack: Stack) -> None:
    token = stack.token("--tenant", "pollers")
    with ThreadPoolExecutor(1) as background:
        waiting: Future[httpx.Response] = background.submit(stack.get, "/v1/events", token=token, wait="50")
        asked = threading.Event()
        asked.wait(1)
        upload(stack, token, CLIP)
        page = waiting.result(WITHIN_SECONDS).json()
    assert page["items"][0]["type"] == KINDS[0]
    nothing = stack.get("/v1/events", token=token, wait="0.1", type="dataset.assembled").json()
    assert nothing["items"] == []
    assert nothing["next"]


@pytest.mark.parametrize(
    ("query", "status"), [("?after=x", 422), ("?after=1", 422), ("?type=everything", 422), ("?after=" + "a" * 23, 422)]
)
def test_what_nobody_can_listen_for_is_refused_on_each_way(stack: Stack, query: str, status: int) -> None:
    token = stack.token("--tenant", "watchful")
    answer = httpx.get(f"{stack.url}/v1/events{query}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status
    with pytest.raises(InvalidStatus) as refused, socket(stack, token, query):
        pass
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body or b"")["code"] == "invalid_request"


def test_a_socket_wants_a_token_with_its_scope_and_a_page_of_an_origin_that_may_call(stack: Stack) -> None:
    good = stack.token("--tenant", "watchful")
    cases: list[tuple[str, int, dict[str, Any]]] = [
        ("", 401, {}),
        ("nonsense", 401, {}),
        (stack.token("--tenant", "watchful", "--scope", "datasets:read"), 403, {}),
        (good, 403, {"origin": Origin("https://evil.example")}),
    ]
    for token, status, options in cases:
        with pytest.raises(InvalidStatus) as refused, socket(stack, token, **options):
            pass
        assert refused.value.response.status_code == status
        assert refused.value.response.headers["content-type"] == "application/problem+json"
        assert refused.value.response.headers["x-request-id"]


def test_a_browser_sends_its_token_beside_the_protocol(stack: Stack) -> None:
    offered = [Subprotocol("ai2text.v1"), Subprotocol(f"bearer.{stack.token('--tenant', 'watchful')}")]
    with socket(stack, "", subprotocols=offered) as connection:
        assert connection.subprotocol == "ai2text.v1"
        assert json.loads(connection.recv(timeout=WITHIN_SECONDS))["type"] == "cursor"


def test_a_socket_takes_nothing(stack: Stack) -> None:
    with socket(stack, stack.token("--tenant", "watchful")) as connection:
        connection.recv(timeout=WITHIN_SECONDS)
        connection.send("hello")
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(timeout=WITHIN_SECONDS)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1003


def test_no_other_route_is_a_socket(stack: Stack) -> None:
    url = f"{stack.url.replace('http', 'ws')}/v1/recordings"
    headers = {"Authorization": f"Bearer {stack.token('--tenant', 'watchful')}"}
    with pytest.raises(InvalidStatus) as refused, connect(url, additional_headers=headers, proxy=None):
        pass
    assert refused.value.response.status_code in {403, 404}
