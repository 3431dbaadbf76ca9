"""What people are told of each recording, from real events; only the gateway is a stand-in."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from typing import TypeVar

import httpx
import pytest
from rich.console import Console

from ai2text.cli.credentials import Credentials
from ai2text.cli.results import Results
from ai2text.cli.voice import Voice
from ai2text.cli.watch import Watch
from ai2text.common import subjects
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected
from ai2text.common.contracts.transcription import TranscriptionCancelled, TranscriptionFailed
from ai2text.common.contracts.transcripts import TranscriptPersisted
from ai2text.common.jetstream import Broker
from tests.fixtures.examples import EVENTS

Kind = TypeVar("Kind")


def example(kind: type[Kind]) -> Kind:
    return next(event for event in EVENTS.values() if isinstance(event, kind))


INGESTED, REJECTED = example(RecordingIngested), example(RecordingRejected)
FAILED, PERSISTED = example(TranscriptionFailed), example(TranscriptPersisted)
CANCELLED = example(TranscriptionCancelled)
KNOWN = {"status": "transcribed", "text_preview": "Youth of today."}

IDLE = {
    "recordings": {"queued": 0, "transcribing": 0, "cancelled": 0},
    "queue": {"unsettled": 0},
    "folders": [{"name": "inbox", "reconciled": True, "settling": 0, "working": 0, "awaiting_sidecars": 0}],
    "buckets": [{"name": "archive", "reconciled": True, "away": False, "working": 0, "awaiting_sidecars": 0}],
}


def sources(*names: str) -> list[dict[str, str]]:
    return [{"kind": "hot_folder", "place": "inbox", "name": name} for name in names]


@pytest.fixture
def names() -> list[str]:
    """Under which the one recording is known; a test may change them."""
    return ["a.wav", "b.wav"]


def gateway(request: httpx.Request, names: list[str]) -> httpx.Response:
    assert request.headers["Authorization"].startswith("Bearer ")
    if request.url.path == "/v1/status":
        return httpx.Response(200, json=IDLE)
    known = request.url.path == f"/v1/recordings/{PERSISTED.recording_id}"
    return httpx.Response(200, json={**KNOWN, "sources": sources(*names)}) if known else httpx.Response(404)


@pytest.fixture
async def client(names: list[str]) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.MockTransport(partial(gateway, names=names))
    async with httpx.AsyncClient(base_url="http://gateway", transport=transport) as client:
        yield client


@pytest.fixture
async def results(broker: Broker, client: httpx.AsyncClient) -> Results:
    results = Results(broker, client, Credentials())
    await results.begin()
    return results


async def told(results: Results) -> list[str]:
    return [line for result in await results.take(0.5) for line in result.lines()]


async def test_a_transcript_is_told_under_each_name_of_its_recording(broker: Broker, results: Results) -> None:
    await broker.publish(replace(PERSISTED, current=True))
    assert await told(results) == ['✓ a.wav  "Youth of today."', '✓ b.wav  "Youth of today."']


async def test_a_refusal_and_a_failure_say_why(broker: Broker, results: Results) -> None:
    reason = Reason(code="not_audio", detail="Send audio.")
    await broker.publish(replace(REJECTED, reason=reason))
    await broker.publish(replace(FAILED, reason=reason))
    refused, failed = await results.take(0.5)
    assert refused.lines() == [f"✗ {REJECTED.source.name}  refused: not_audio \N{EN DASH} Send audio."]
    assert not refused.failed
    assert failed.names == ("a.wav", "b.wav")
    assert failed.text == "failed: not_audio \N{EN DASH} Send audio."
    assert failed.failed


async def test_the_same_bytes_under_another_name_are_told_although_nothing_is_transcribed(
    broker: Broker, results: Results
) -> None:
    again = replace(INGESTED.source, name="c.wav")
    await broker.publish(replace(INGESTED, source=again))
    assert await told(results) == ['✓ c.wav  "Youth of today."']


async def test_a_new_recording_is_not_told_before_it_ends(broker: Broker, results: Results) -> None:
    await broker.publish(replace(INGESTED, recording_id="00000000-0000-0000-0000-000000000000"))
    assert await told(results) == []


async def test_a_new_recording_that_has_ended_meanwhile_is_told_once(
    broker: Broker, results: Results, names: list[str]
) -> None:
    names[:] = [INGESTED.source.name]
    await broker.publish(INGESTED)
    await broker.publish(replace(PERSISTED, current=True))
    assert await told(results) == [f'✓ {INGESTED.source.name}  "Youth of today."']


async def test_nothing_from_before_is_told(broker: Broker, results: Results) -> None:
    await broker.publish(REJECTED)
    await results.begin()
    assert await told(results) == []


async def test_an_event_that_cannot_be_read_stops_nothing(broker: Broker, results: Results) -> None:
    """Its readers dead-letter it."""
    await broker.jetstream.publish(subjects.RECORDING_INGESTED, b"no JSON")
    await broker.publish(replace(PERSISTED, current=True))
    assert len(await told(results)) == 2


async def test_nothing_is_missed_when_the_server_forgets_the_reader(broker: Broker, results: Results) -> None:
    await told(results)
    for consumer in await broker.jetstream.consumers_info(subjects.EVENTS):
        if not consumer.config.durable_name:
            await broker.jetstream.delete_consumer(subjects.EVENTS, consumer.name)
    await broker.publish(replace(PERSISTED, current=True))
    lines: list[str] = []
    for _ in range(3):
        lines += await told(results)
    assert lines == ['✓ a.wav  "Youth of today."', '✓ b.wav  "Youth of today."']


async def test_a_cancellation_is_told_unless_the_recording_is_transcribed_all_the_same(
    broker: Broker, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    await broker.publish(CANCELLED)
    assert await told(results) == []
    monkeypatch.setitem(KNOWN, "status", "cancelled")
    await broker.publish(replace(CANCELLED, job_id="another"))
    assert await told(results) == ["✗ a.wav  cancelled", "✗ b.wav  cancelled"]


@pytest.mark.parametrize(
    ("event", "status"), [(REJECTED, 0), (replace(PERSISTED, current=True), 0), (FAILED, 1), (CANCELLED, 1)]
)
async def test_until_idle_ends_with_1_only_when_a_recording_failed_or_was_cancelled(
    broker: Broker,
    client: httpx.AsyncClient,
    results: Results,
    monkeypatch: pytest.MonkeyPatch,
    event: subjects.Event,
    status: int,
) -> None:
    monkeypatch.setitem(KNOWN, "status", "cancelled" if event is CANCELLED else "transcribed")
    output = io.StringIO()
    watch = Watch(results, client, Credentials(), Voice(Console(file=output, width=100)))
    await broker.publish(event)
    assert await watch.until_idle() == status
    told_while_waiting, _, table = output.getvalue().partition("1 results")
    assert told_while_waiting.startswith(("✓", "✗"))
    assert "a.wav" in table or REJECTED.source.name in table
