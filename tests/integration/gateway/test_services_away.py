"""What the door says while the services behind it do not answer."""

import time
from collections.abc import AsyncIterator

import httpx
import jwt
import pytest

from ai2text.api_gateway.api_keys import ApiKeys
from ai2text.api_gateway.app import build_app
from ai2text.api_gateway.audit_trail import AuditTrail
from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.inside import Service, Services, inside_client
from ai2text.api_gateway.settings import GatewaySettings, JwtSettings
from ai2text.api_gateway.tokens import Tokens
from ai2text.common.run import Life
from tests.fixtures.fault_proxy import FaultProxy

KEY = "0123456789abcdef0123456789abcdef"


def bearer(scope: str = "recordings:read", tenant: str = "t") -> dict[str, str]:
    now = int(time.time())
    claims = {"iss": "ai2text-embedded", "aud": "ai2text", "sub": "s", "tenant": tenant, "scope": scope}
    return {"Authorization": f"Bearer {jwt.encode({**claims, 'iat': now, 'exp': now + 60}, KEY, algorithm='HS256')}"}


@pytest.fixture
async def door(unused_tcp_port: int) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway whose services are away."""
    async with gateway(f"http://127.0.0.1:{unused_tcp_port}") as client:
        yield client


def gateway(url: str) -> "GatewayClient":
    return GatewayClient(url)


class GatewayClient:
    def __init__(self, url: str) -> None:
        self._settings = GatewaySettings(read_timeout_seconds=0.5)
        self._url = url

    async def __aenter__(self) -> httpx.AsyncClient:
        self._inside = inside_client(self._settings)
        inside = await self._inside.__aenter__()
        service = Service(inside, self._url, KEY)
        services = Services(metadata=service, ingestion=service, orchestrator=service)
        door = Door(Tokens(JwtSettings(key=KEY)), ApiKeys(service))
        app = build_app(door, services, self._settings, Life(drain_seconds=1), AuditTrail(service))
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        await self._inside.__aexit__(None, None, None)


@pytest.mark.lesson("L10")
@pytest.mark.parametrize("path", ["/v1/recordings", "/v1/status"])
async def test_a_service_that_is_away_is_a_503_with_a_hint_when_to_try_again(
    door: httpx.AsyncClient, path: str
) -> None:
    answer = await door.get(path, headers=bearer())
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "127.0.0.1" not in answer.text


@pytest.mark.lesson("L10")
async def test_a_service_that_does_not_answer_is_not_waited_for_longer_than_the_time_out(
    unused_tcp_port: int,
) -> None:
    with FaultProxy("127.0.0.1", unused_tcp_port) as proxy:
        proxy.go_deaf()
        async with gateway(f"http://{proxy.address}") as door:
            answer = await door.get("/v1/recordings", headers=bearer())
    assert answer.status_code == 503


async def test_without_the_scope_the_answer_is_403(door: httpx.AsyncClient) -> None:
    answer = await door.get("/v1/recordings", headers=bearer(scope="datasets:read"))
    assert answer.status_code == 403
    assert "recordings:read" in answer.json()["detail"]


@pytest.mark.lesson("L22")
async def test_a_callers_own_request_id_is_kept_and_a_strange_one_replaced(door: httpx.AsyncClient) -> None:
    kept = await door.get("/v1/recordings", headers={"X-Request-Id": "caller-0001"})
    assert kept.headers["x-request-id"] == kept.json()["request_id"] == "caller-0001"
    strange = await door.get("/v1/recordings", headers={"X-Request-Id": "x y\t{}"})
    assert strange.headers["x-request-id"] == strange.json()["request_id"] != "x y\t{}"
