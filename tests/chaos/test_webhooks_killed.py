"""Metadata dies between an attempt and its saving: whoever was told is told again, with the same id."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ai2text.cli.ports import Ports
from ai2text.common import caller_token
from ai2text.common.clock import utc_now
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.jetstream import connect
from tests.fixtures.inside import KEY
from tests.fixtures.receiver import receiver
from tests.fixtures.service_process import Servers, ServiceProcess
from tests.integration.metadata.catalogue import asked
from tests.integration.metadata.told import ingested

POINT = "webhook_answered"


class MetadataService(ServiceProcess):
    def __init__(self, home: Path, servers: Servers, dsn: str, marks: Path) -> None:
        self.port = Ports(home / "ports.json").take("metadata")
        env = {
            "AI2TEXT_CALLER_KEY": KEY,
            "AI2TEXT_POSTGRES_DSN": dsn,
            "AI2TEXT_METADATA_PORT": str(self.port),
            "AI2TEXT_WEBHOOK_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
            "AI2TEXT_NATS_ACK_WAIT_SECONDS": "2",
            "AI2TEXT_NATS_HEARTBEAT_SECONDS": "0.5",
            "AI2TEXT_FOLDER_PATH": str(home),  # for the set-up step
            "AI2TEXT_LOG_KILL_AT": f"{POINT}@{marks}",
        }
        super().__init__("metadata", home, servers, env)

    def hear(self, event: RecordingIngested) -> None:
        asyncio.run(self._hear(event))

    async def _hear(self, event: RecordingIngested) -> None:
        async with connect(self.servers.nats, "test") as broker:
            await broker.publish(event)

    def ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        who = Caller(tenant="default", subject="s", scopes=frozenset(Scope), request_id="r")
        headers = {caller_token.HEADER: caller_token.sign(who, KEY, utc_now)}
        url = f"http://127.0.0.1:{self.port}{path}"
        answer = httpx.request(method, url, headers=headers, trust_env=False, **content)
        assert answer.is_success, answer.text
        document: dict[str, Any] = answer.json()
        return document


@pytest.fixture
def metadata(tmp_path: Path, servers: Servers, postgres_dsn: str) -> Iterator[MetadataService]:
    (tmp_path / "marks").mkdir()
    with MetadataService(tmp_path, servers, postgres_dsn, tmp_path / "marks") as running:
        yield running


def test_metadata_killed_between_an_attempt_and_its_saving_tells_again_with_the_same_id(
    metadata: MetadataService, tmp_path: Path
) -> None:
    with receiver() as theirs:
        hook = {"url": theirs.url, "events": ["recording.ingested"]}
        webhook = metadata.ask("POST", "/v1/webhooks", json=hook)
        metadata.hear(ingested(asked("talk")))
        metadata.until(lambda: len(theirs.received) >= 2, revive=True)
        metadata.until(lambda: metadata.readyz() == 200)
        log = f"/v1/webhooks/{webhook['webhook_id']}/deliveries"
        metadata.until(lambda: metadata.ask("GET", log)["items"][0]["status"] == "delivered")
        assert [path.name for path in (tmp_path / "marks").iterdir()] == [POINT]
    (entry,) = metadata.ask("GET", log)["items"]
    assert (entry["attempts"], entry["status_code"]) == (1, 200)
    assert {one.headers["webhook-id"] for one in theirs.received} == {entry["event_id"]}
    assert len(theirs.received) == 2
    assert all(one.is_signed_with(webhook["secret"]) for one in theirs.received)
