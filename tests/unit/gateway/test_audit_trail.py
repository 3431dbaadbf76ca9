"""What is written down of a request, and that no request ever waits for it."""

import json
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from ai2text.api_gateway.audit_trail import BATCH, AuditTrail
from ai2text.api_gateway.inside import Service
from ai2text.common.contracts.inside import Caller
from tests.fixtures.gateway import standalone

KEY = "0123456789abcdef0123456789abcdef"
CALLER = Caller(tenant="acme", subject="key:abcd1234", scopes=frozenset(), request_id="request-1")


class Metadata:
    def __init__(self) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.status = 201

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.status < 300:
            self.batches.append(json.loads(request.content))
        return httpx.Response(self.status, json={})

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [entry for batch in self.batches for entry in batch]


@pytest.fixture
def metadata() -> Metadata:
    return Metadata()


def trail_to(metadata: Metadata, waiting_most: int = 10_000) -> AuditTrail:
    client = httpx.AsyncClient(transport=httpx.MockTransport(metadata.answer))
    return AuditTrail(Service(client, "http://metadata", KEY), waiting_most)


def note(trail: AuditTrail, method: str, status: int, caller: Caller | None = CALLER, path: bytes = b"/v1/x/1") -> None:
    state = {} if caller is None else {"caller": caller}
    scope = {"method": method, "raw_path": path, "client": ("192.0.2.7", 4711), "state": state}
    trail.note(scope, "/v1/x/{id}", status, "request-1")


def dropped() -> float:
    return REGISTRY.get_sample_value("ai2text_audit_dropped_total") or 0


async def test_an_entry_says_who_did_what_when_from_where_and_how_it_ended(metadata: Metadata) -> None:
    trail = trail_to(metadata)
    note(trail, "DELETE", 204)
    await trail.deliver()
    (entry,) = metadata.entries
    assert entry.pop("audit_id")
    assert entry.pop("at")
    assert entry == {
        "tenant": "acme",
        "subject": "key:abcd1234",
        "request_id": "request-1",
        "action": "DELETE /v1/x/{id}",
        "target": "/v1/x/1",
        "status": 204,
        "client": "192.0.2.7",
    }


@pytest.mark.parametrize(
    ("method", "status", "written"),
    [("GET", 200, 0), ("GET", 404, 0), ("GET", 401, 1), ("GET", 403, 1), ("GET", 429, 1)]
    + [(method, status, 1) for method in ("POST", "PUT", "PATCH", "DELETE") for status in (200, 422, 503)],
)
async def test_what_changes_something_and_what_is_refused_is_written_down(
    metadata: Metadata, method: str, status: int, written: int
) -> None:
    trail = trail_to(metadata)
    note(trail, method, status)
    await trail.deliver()
    assert len(metadata.entries) == written


async def test_a_caller_whom_nobody_knows_has_no_tenant(metadata: Metadata) -> None:
    trail = trail_to(metadata)
    note(trail, "POST", 401, caller=None)
    await trail.deliver()
    assert (metadata.entries[0]["tenant"], metadata.entries[0]["subject"]) == (None, None)


async def test_a_subject_and_a_path_may_hold_anything(metadata: Metadata) -> None:
    trail = trail_to(metadata)
    strange = Caller(tenant="t", subject="a\0b\ud800" + "x" * 9000, scopes=frozenset(), request_id="r")
    note(trail, "POST", 200, caller=strange, path=b"/v1/\xff%00" + b"y" * 9000)
    await trail.deliver()
    (entry,) = metadata.entries
    assert entry["subject"].startswith("a\N{REPLACEMENT CHARACTER}b?x")
    assert max(len(entry["subject"]), len(entry["target"])) <= 500


async def test_entries_wait_for_a_catalogue_that_is_away_and_come_in_batches_then(metadata: Metadata) -> None:
    trail = trail_to(metadata)
    metadata.status = 503
    for _ in range(BATCH + 1):
        note(trail, "POST", 200)
    await trail.deliver()
    assert metadata.entries == []
    metadata.status = 201
    await trail.deliver()
    assert [len(batch) for batch in metadata.batches] == [BATCH, 1]
    await trail.deliver()
    assert len(metadata.entries) == BATCH + 1, "each once"


async def test_what_comes_beyond_the_bound_is_dropped_and_counted(metadata: Metadata) -> None:
    trail, before = trail_to(metadata, waiting_most=3), dropped()
    for _ in range(5):
        note(trail, "POST", 200)
    assert dropped() - before == 2
    await trail.deliver()
    assert len(metadata.entries) == 3


async def test_what_still_waits_at_the_end_is_delivered_or_counted(metadata: Metadata) -> None:
    trail, before = trail_to(metadata), dropped()
    async with trail.delivered():
        note(trail, "POST", 200)
    assert len(metadata.entries) == 1
    metadata.status = 503
    async with trail.delivered():
        note(trail, "POST", 200)
    assert dropped() - before == 1


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client"),
    [
        ((), "203.0.113.9", "10.0.0.5"),
        (("192.0.2.0/24",), "203.0.113.9", "10.0.0.5"),
        (("10.0.0.0/8",), "203.0.113.9", "203.0.113.9"),
        (("10.0.0.0/8",), "198.51.100.1, 203.0.113.9, 10.7.7.7", "203.0.113.9"),
        (("10.0.0.0/8",), "", "10.0.0.5"),
    ],
)
async def test_a_client_is_who_a_trusted_proxy_says_it_is_and_nobody_else(
    metadata: Metadata, proxies: tuple[str, ...], forwarded: str, client: str
) -> None:
    """What a client writes there itself stands to the left of what the proxy adds."""
    trail = trail_to(metadata)
    transport = httpx.ASGITransport(standalone(trail, trusted_proxies=proxies), client=("10.0.0.5", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as gateway:
        answer = await gateway.get("/v1/recordings", headers={"X-Forwarded-For": forwarded})
    assert answer.status_code == 401
    await trail.deliver()
    assert [entry["client"] for entry in metadata.entries] == [client]
