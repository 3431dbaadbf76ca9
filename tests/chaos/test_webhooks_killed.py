"""Metadata dies between an attempt and its saving: whoever was told is told again, with the same id."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.metadata_service import MetadataService
from tests.fixtures.receiver import receiver
from tests.fixtures.service_process import Servers
from tests.integration.metadata.catalogue import asked
from tests.integration.metadata.told import ingested

POINT = "webhook_answered"


@pytest.fixture
def metadata(tmp_path: Path, servers: Servers, postgres_dsn: str) -> Iterator[MetadataService]:
    with MetadataService(tmp_path, servers, postgres_dsn, POINT) as running:
        yield running


def test_metadata_killed_between_an_attempt_and_its_saving_tells_again_with_the_same_id(
    metadata: MetadataService,
) -> None:
    with receiver() as theirs:
        metadata.until(lambda: metadata.serves("/v1/webhooks"))
        hook = {"url": theirs.url, "events": ["recording.ingested"]}
        webhook = metadata.ask("POST", "/v1/webhooks", json=hook)
        metadata.hear(ingested(asked("talk")))
        metadata.until(lambda: len(theirs.received) >= 2, revive=True)
        metadata.until(lambda: metadata.serves("/v1/webhooks"))
        log = f"/v1/webhooks/{webhook['webhook_id']}/deliveries"
        metadata.until(lambda: metadata.ask("GET", log)["items"][0]["status"] == "delivered")
        assert metadata.died_at() == [POINT]
    (entry,) = metadata.ask("GET", log)["items"]
    assert (entry["attempts"], entry["status_code"]) == (1, 200)
    assert {one.headers["webhook-id"] for one in theirs.received} == {entry["event_id"]}
    assert len(theirs.received) == 2
    assert all(one.is_signed_with(webhook["secret"]) for one in theirs.received)
