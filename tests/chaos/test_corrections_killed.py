"""Metadata dies between the steps of a correction: nobody loses it, and nobody makes it twice."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from ai2text.common import subjects
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.revisions import TranscriptCorrected
from ai2text.common.contracts.transcription import RecordingTranscribed
from ai2text.common.occurrences import Kind
from tests.fixtures.examples import EVENTS
from tests.fixtures.metadata_service import MetadataService
from tests.fixtures.receiver import receiver
from tests.fixtures.service_process import Servers
from tests.integration.metadata.catalogue import asked
from tests.integration.metadata.told import ingested, transcribed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

TALK = asked("talk")
PATH = f"/v1/recordings/{TALK.recording_id}/transcript"
TEXT = "Good evening."


@pytest.fixture(params=["revision_written", "revision_saved", "transcript_corrected"])
def metadata(
    request: pytest.FixtureRequest, tmp_path: Path, servers: Servers, postgres_dsn: str
) -> Iterator[MetadataService]:
    """With a transcript; dies at the point when it is corrected."""
    with MetadataService(tmp_path, servers, postgres_dsn, request.param) as running:
        done = transcribed(TALK)
        running.store.put_first(TALK.outcome_key, encode(done.transcript))
        told = EVENTS[subjects.RECORDING_TRANSCRIBED]
        assert isinstance(told, RecordingTranscribed)
        ids: dict[str, Any] = {
            "recording_id": TALK.recording_id,
            "job_id": TALK.job_id,
            "outcome_key": TALK.outcome_key,
        }
        running.hear(ingested(TALK), replace(told, **ids))
        running.until(lambda: running.serves(PATH))
        yield running


def correct(metadata: MetadataService, segment: dict[str, Any]) -> httpx.Response:
    return metadata.request("PATCH", f"{PATH}/segments/{segment['id']}", segment["etag"], json={"text": TEXT})


def test_who_sends_it_again_is_told_that_it_stands(metadata: MetadataService) -> None:
    (segment,) = metadata.ask("GET", PATH)["segments"]
    with pytest.raises(httpx.TransportError):
        correct(metadata, segment)
    metadata.until(lambda: metadata.serves(PATH), revive=True)
    again = correct(metadata, segment)
    assert (again.status_code, again.json()["segment"]["text"]) == (412, TEXT)
    check_one_correction(metadata)


def test_when_nobody_asks_again_it_is_found_and_told_all_the_same(metadata: MetadataService) -> None:
    with receiver() as theirs:
        webhook = metadata.ask("POST", "/v1/webhooks", json={"url": theirs.url, "events": [Kind.CORRECTED]})
        (segment,) = metadata.ask("GET", PATH)["segments"]
        with pytest.raises(httpx.TransportError):
            correct(metadata, segment)
        metadata.until(lambda: metadata.serves(PATH), revive=True)
        metadata.until(lambda: metadata.ask("GET", PATH)["text"] == TEXT)
        metadata.until(lambda: theirs.received != [])
        log = f"/v1/webhooks/{webhook['webhook_id']}/deliveries"
        metadata.until(lambda: [one["status"] for one in metadata.ask("GET", log)["items"]] == ["delivered"])
    (told,) = theirs.received
    assert told.document["data"] == {"recording_id": TALK.recording_id, "revision": 2}
    assert told.is_signed_with(webhook["secret"])
    check_one_correction(metadata)


def check_one_correction(metadata: MetadataService) -> None:
    """In every place that remembers."""
    assert len(metadata.died_at()) == 1
    seen = metadata.ask("GET", PATH)
    assert (seen["revision"], seen["text"]) == (2, TEXT)
    assert metadata.request("GET", f"{PATH}?format=txt").text == f"{TEXT}\n"
    assert metadata.ask("GET", f"{PATH}?revision=1")["text"] == "Good morning."
    items = metadata.ask("GET", f"{PATH}/revisions")["items"]
    assert [(item["kind"], item["parent"], item["author"]) for item in items] == [
        ("machine", None, None),
        ("human", 1, "s"),
    ]
    assert [hit["text"] for hit in metadata.ask("GET", "/v1/search?q=evening")["items"]] == [TEXT]
    (stored,) = metadata.store.list(identity.revisions_prefix("default"))
    metadata.until(lambda: metadata.announced(subjects.TRANSCRIPT_CORRECTED) != [])
    (announced,) = metadata.announced(subjects.TRANSCRIPT_CORRECTED)
    event = decode(TranscriptCorrected, announced)
    assert (event.revision, event.revision_key) == (2, stored.key)
