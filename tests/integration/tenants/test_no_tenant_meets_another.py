"""Every route of every service, with two tenants who hold the same bytes and different ones.

Somebody who comes with another's ids is told that there is no such thing; nothing of the other is returned, counted
or changed. The routes are those of the applications themselves: one without a case fails here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from ai2text.api_gateway.api_keys import ApiKeys
from ai2text.api_gateway.app import build_app as gateway_app
from ai2text.api_gateway.audit_trail import AuditTrail
from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.caller_limits import CallerLimits
from ai2text.api_gateway.cursors import Cursors
from ai2text.api_gateway.inside import Service, Services
from ai2text.api_gateway.settings import GatewaySettings, JwtSettings
from ai2text.api_gateway.tokens import Tokens
from ai2text.common.contracts.inside import Scope
from ai2text.common.jetstream import Broker
from ai2text.common.run import Life
from ai2text.common.settings import S3Settings
from tests.fixtures.gateway import bearer, hearing
from tests.fixtures.inside import EVERYTHING_ELSE, KEY, ask
from tests.integration.tenants.installation import Installation, Owner, installed, own_bytes

Body = Callable[[Owner], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a route answers its owner, and somebody else who comes with the owner's ids."""

    own: int = 200
    other: int = 200
    scopes: Iterable[str] = EVERYTHING_ELSE
    body: Body = lambda _: {}
    ends: int = 0
    """Whether it takes away what it names; 2 where others of these are about that, -1 where another replaces it."""


FOUND = Case(other=404)
TRANSCRIPT = "/v1/recordings/{recording_id}/transcript"
SEGMENT = f"{TRANSCRIPT}/segments/{{segment_id}}"
SEEN = {"more_headers": {"If-Match": "*"}}
CLOSED = Case(own=403, other=403)
"""To whoever is no admin, or no service: these know all tenants."""
EVERYTHING = tuple(Scope)
BEGIN = Cursors(KEY).seal
HOOK = {"url": "http://127.0.0.1:9/", "events": ["recording.ingested"]}
NO_WORKER = Case(own=503, other=503)
"""Of nobody's: the workers are the installation's, and none runs here."""
CASES: dict[str, Case] = {
    "GET /v1/recordings": Case(),
    "POST /v1/recordings": Case(other=202, body=lambda owner: {"content": own_bytes(owner.tenant)}),
    "GET /v1/recordings/{recording_id}": FOUND,
    "GET /v1/recordings/{recording_id}/audio": FOUND,
    "GET /v1/recordings/{recording_id}/transcript": FOUND,
    "GET /v1/recordings/{recording_id}/transcript/revisions": FOUND,
    "GET /v1/recordings/{recording_id}/datasets": FOUND,
    "PATCH /v1/recordings/{recording_id}": Case(other=404, body=lambda _: {"json": {"tags": ["x"]}}),
    "DELETE /v1/recordings/{recording_id}": Case(own=202, other=404, ends=2),
    "GET /v1/retention": Case(scopes=EVERYTHING),
    "PUT /v1/retention": Case(scopes=EVERYTHING, body=lambda _: {"json": {"days": 30}}),
    f"PATCH {SEGMENT}": Case(other=404, body=lambda _: {"json": {"text": "x"}, **SEEN}),
    f"POST {SEGMENT}/split": Case(own=422, other=404, body=lambda _: {"json": {"at": 0.5}, **SEEN}),
    f"POST {SEGMENT}/merge": Case(own=409, other=404, body=lambda _: SEEN),
    f"POST {TRANSCRIPT}/replace": Case(other=404, body=lambda _: {"json": {"find": "x", "replace": "y"}, **SEEN}),
    f"POST {TRANSCRIPT}/revert": Case(other=404, body=lambda _: {"json": {"revision": 1}}),
    "GET /v1/jobs": Case(),
    "POST /v1/jobs": Case(other=404, body=lambda owner: {"json": {"recording_id": owner.ids["recording_id"]}}),
    "GET /v1/jobs/{job_id}": FOUND,
    "GET /v1/jobs/{job_id}/outcome": FOUND,
    "GET /v1/jobs/{job_id}/events": FOUND,
    "GET /v1/events": Case(body=lambda owner: {"params": {"wait": 0, "after": BEGIN(owner.tenant, 0), "limit": 1000}}),
    "DELETE /v1/jobs/{job_id}": Case(own=409, other=404, ends=1),
    "GET /v1/review/queue": Case(),
    "GET /v1/search": Case(body=lambda owner: {"params": {"q": f"secret or {owner.tenant}"}}),
    "GET /v1/snapshot": Case(),
    "GET /v1/snapshot/size": Case(),
    "GET /v1/status": Case(),
    "GET /v1/quota": Case(),
    "GET /v1/openapi.json": Case(),
    "POST /v1/uploads": Case(own=201, other=201, body=lambda _: {"json": {}}),
    "GET /v1/uploads/{upload_id}": FOUND,
    "PUT /v1/uploads/{upload_id}/parts/{number}": Case(
        other=404, body=lambda owner: {"content": own_bytes(owner.tenant)}
    ),
    "POST /v1/uploads/{upload_id}/complete": Case(other=404, body=lambda _: {"json": {"parts": [1]}}),
    "DELETE /v1/uploads/{upload_id}": Case(own=204, other=404, ends=1),
    "POST /v1/datasets": Case(own=202, other=202, body=lambda owner: {"json": {"name": owner.ids["name"]}}),
    "GET /v1/datasets": Case(),
    "DELETE /v1/datasets/{name}/trigger": Case(own=204, other=404, ends=-1),
    "GET /v1/datasets/{name}/versions/{version}": FOUND,
    "GET /v1/datasets/{name}/versions/{version}/files/{path}": FOUND,
    "POST /v1/datasets/{name}/versions/{version}/rebuild": Case(own=202, other=404, ends=-1),
    "POST /v1/datasets/{name}/check": Case(
        other=404, body=lambda _: {"json": {"version": 1}, "params": {"wait": 60}}, ends=-1
    ),
    "GET /v1/datasets/{name}/versions/{version}/runs": FOUND,
    "POST /v1/datasets/{name}/versions/{version}/runs": Case(own=409, other=404, ends=-1),
    "POST /v1/datasets/{name}/versions/{version}/runs/{run}": Case(
        other=404, body=lambda _: {"json": {"status": "running"}}, ends=-1
    ),
    "POST /v1/keys": Case(
        own=201, other=201, scopes=EVERYTHING, body=lambda _: {"json": {"name": "x", "scopes": ["admin"]}}
    ),
    "GET /v1/keys": Case(scopes=EVERYTHING),
    "DELETE /v1/keys/{key_id}": Case(own=204, other=404, scopes=EVERYTHING, ends=1),
    "POST /v1/keys/resolve": CLOSED,
    "POST /v1/webhooks": Case(own=201, other=201, scopes=EVERYTHING, body=lambda _: {"json": HOOK}),
    "GET /v1/webhooks": Case(scopes=EVERYTHING),
    "GET /v1/webhooks/{webhook_id}": Case(other=404, scopes=EVERYTHING),
    "GET /v1/webhooks/{webhook_id}/deliveries": Case(other=404, scopes=EVERYTHING),
    "DELETE /v1/webhooks/{webhook_id}": Case(own=204, other=404, scopes=EVERYTHING, ends=1),
    "POST /v1/audit": CLOSED,
    "GET /v1/audit": CLOSED,
    "GET /v1/dead-letters": CLOSED,
    "GET /v1/dead-letters/{dead_letter_id}": CLOSED,
    "POST /v1/dead-letters/{dead_letter_id}/replay": CLOSED,
    "POST /hooks/buckets/{name}": Case(own=401, other=401),
    "GET /v1/models": Case(),
    "GET /v1/models/{model}": Case(),
    "POST /v1/models/{model}": NO_WORKER,
    "DELETE /v1/models/{model}": NO_WORKER,
    "DELETE /v1/models": NO_WORKER,
}
NOTHING: tuple[dict[str, Any], ...] = (
    {"items": [], "next": None},
    {"items": [], "next": None, "recordings_left": 0, "minutes_left": 0.0},
)
WAIT_FOR_A_WORKER = {"POST /v1/audio/transcriptions", "POST /v1/audio/translations"}
"""Of the gateway: they send `POST /v1/recordings` for the same caller, then read that job and its outcome."""


@dataclass(frozen=True, slots=True)
class Surface:
    """Something with routes, and how to ask it."""

    routes: tuple[str, ...]
    ask: Callable[..., Awaitable[httpx.Response]]

    async def answer(self, route: str, who: str, owner: Owner) -> httpx.Response:
        """As `who`, with the ids of `owner`."""
        case = CASES[route]
        method, _, template = route.partition(" ")
        path = template.format_map({**owner.ids, "model": "small"})
        return await self.ask(method, path, who, case.scopes, **case.body(owner))

    async def reads(self, who: Owner) -> dict[str, Any]:
        """Everything that can be read by somebody about what is theirs."""
        answers = {route: await self.answer(route, who.tenant, who) for route in self.routes if route[:3] == "GET"}
        return {route: _lasting(answer) for route, answer in answers.items() if answer.is_success}


def _lasting(answer: httpx.Response) -> Any:
    """Without where a listener to events got to: there it is a page's `next` too when nothing comes any more."""
    if answer.request.url.path == "/v1/events":
        return answer.json()["items"]
    return answer.content


def routes_of(document: dict[str, Any]) -> tuple[str, ...]:
    routes = (f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods)
    return tuple(route for route in routes if route not in WAIT_FOR_A_WORKER)


@pytest.fixture
async def installation(
    postgres_dsn: str, broker: Broker, s3_settings: S3Settings, tmp_path: Path
) -> AsyncIterator[Installation]:
    async with installed(postgres_dsn, broker, s3_settings, tmp_path) as running:
        yield running


@pytest.fixture
async def surfaces(installation: Installation, broker: Broker) -> AsyncIterator[dict[str, Surface]]:
    """The services' own, by name, and the gateway's on top of them."""
    mounts = {f"http://{name}": httpx.ASGITransport(app) for name, app in installation.apps.items()}
    async with httpx.AsyncClient(mounts=mounts) as client:
        services = Services(**{name: Service(client, f"http://{name}", KEY) for name in installation.apps})
        door = Door(Tokens(JwtSettings(key=KEY)), ApiKeys(services.metadata), CallerLimits(GatewaySettings()))
        life = Life(drain_seconds=1)
        heard = hearing(life)
        app = gateway_app(door, services, heard, GatewaySettings(), life, AuditTrail(services.metadata))
        own = {name: Surface(routes_of(app.openapi()), partial(ask, app)) for name, app in installation.apps.items()}
        listening = asyncio.create_task(heard.events.hear(broker))
        yield {**own, "gateway": Surface(routes_of(app.openapi()), partial(ask_gateway, app))}
        listening.cancel()
        await asyncio.wait({listening})


async def ask_gateway(
    app: FastAPI,
    method: str,
    path: str,
    tenant: str,
    scopes: Iterable[str],
    *,
    more_headers: Mapping[str, str] | None = None,
    **content: Any,
) -> httpx.Response:
    headers = {**bearer(" ".join(scopes), tenant), **(more_headers or {})}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway", timeout=30) as client:
        return await client.request(method, path, headers=headers, **content)


SURFACES = ("metadata", "ingestion", "orchestrator", "gateway")


def _reading_first(route: str) -> tuple[int, bool]:
    """What is made is made after all that can be read, and what takes away comes last."""
    return CASES[route].ends, not route.startswith("GET")


async def test_every_route_has_a_case_and_every_case_a_route(surfaces: dict[str, Surface]) -> None:
    assert set(surfaces) == set(SURFACES)
    assert {route for surface in surfaces.values() for route in surface.routes} == set(CASES)


@pytest.mark.parametrize("name", SURFACES)
async def test_nothing_of_a_tenant_is_returned_to_counted_for_or_changed_by_another(
    installation: Installation, surfaces: dict[str, Surface], name: str
) -> None:
    surface = surfaces[name]
    red = await installation.own_one_of_everything("red")
    has, reads = installation.belongings("red"), await surface.reads(red)
    blue = await installation.own_one_of_everything("blue")
    for route in sorted(surface.routes, key=_reading_first):
        answer = await surface.answer(route, "blue", red)
        assert answer.status_code == CASES[route].other, (route, answer.text)
        asked = f"{answer.request.url} {answer.request.content!r}"
        assert {mark for mark in red.marks if mark in answer.text and mark not in asked} == set(), route
    assert await surface.reads(red) == reads
    assert installation.belongings("red") == has
    assert installation.belongings("blue").keys() == has.keys(), blue


@pytest.mark.parametrize("name", SURFACES)
async def test_its_owner_is_answered(installation: Installation, surfaces: dict[str, Surface], name: str) -> None:
    """Otherwise the test above would prove little."""
    red = await installation.own_one_of_everything("red")
    for route in sorted(surfaces[name].routes, key=_reading_first):
        answer = await surfaces[name].answer(route, "red", red)
        assert answer.status_code == CASES[route].own, (route, answer.text)


@pytest.mark.parametrize("name", SURFACES)
async def test_a_tenant_that_owns_nothing_sees_nothing_and_counts_nothing(
    installation: Installation, surfaces: dict[str, Surface], name: str
) -> None:
    red = await installation.own_one_of_everything("red")
    for route in (route for route in surfaces[name].routes if route.startswith("GET")):
        answer = await surfaces[name].answer(route, "green", red)
        if route == "GET /v1/status":
            assert set(numbers_in(answer.json())) <= {0, 300, 86_400}, "windows"
        elif route == "GET /v1/events":
            assert [item["type"] for item in answer.json()["items"]] == ["events.missed"], "by another's cursor"
        elif answer.is_success and "models" not in route and "openapi" not in route:
            assert answer.content == b"" or answer.json() in (
                *NOTHING,
                {"items": [], "next": None, "more": False},
                {"quota": None},
                {"days": None},
                {"recordings": 0, "duration_seconds": 0.0, "state": "0"},
            ), route


def numbers_in(document: Any) -> Iterator[float]:
    match document:
        case dict():
            yield from (number for value in document.values() for number in numbers_in(value))
        case list():
            yield from (number for value in document for number in numbers_in(value))
        case int() | float():
            yield document
