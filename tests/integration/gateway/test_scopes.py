"""Every route of the gateway wants a token, and a scope in it."""

import re

import httpx
import pytest

from ai2text.common.contracts.inside import Scope
from tests.fixtures.gateway import bearer, standalone

APP = standalone()
WEBHOOK = "70000000-0000-4000-8000-000000000001"


def routes() -> list[tuple[str, str]]:
    """Method and path, with something for each parameter."""
    paths = APP.openapi()["paths"]
    return [(method.upper(), re.sub(r"\{[^}]*\}", "1", path)) for path, methods in paths.items() for method in methods]


async def status_of(method: str, path: str, headers: dict[str, str]) -> int:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://gateway") as client:
        return (await client.request(method, path, headers=headers)).status_code


def test_there_are_routes() -> None:
    assert ("GET", "/v1/dead-letters") in routes()


@pytest.mark.lesson("L08")
@pytest.mark.parametrize(("method", "path"), routes())
async def test_no_route_answers_without_a_token_or_without_its_scope(method: str, path: str) -> None:
    assert await status_of(method, path, {}) == 401
    assert await status_of(method, path, bearer(scope="nothing")) == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", "/v1/dead-letters"), ("GET", "/v1/dead-letters/1"), ("POST", "/v1/dead-letters/1/replay")),
        *(("GET", "/v1/keys"), ("POST", "/v1/keys"), ("DELETE", "/v1/keys/1")),
        *(("GET", "/v1/webhooks"), ("POST", "/v1/webhooks"), ("DELETE", f"/v1/webhooks/{WEBHOOK}")),
        *(("GET", f"/v1/webhooks/{WEBHOOK}"), ("GET", f"/v1/webhooks/{WEBHOOK}/deliveries")),
    ],
)
async def test_only_the_scope_admin_opens_dead_letters_keys_and_webhooks(method: str, path: str) -> None:
    everything_else = " ".join(scope for scope in Scope if scope is not Scope.ADMIN)
    assert await status_of(method, path, bearer(scope=everything_else)) == 403
