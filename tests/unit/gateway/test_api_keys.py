"""Keys at the door: who they stand for, for how long an answer is remembered, and what is never said."""

import json
from collections.abc import Iterator

import httpx
import pytest
from structlog.contextvars import bound_contextvars

from ai2text.api_gateway.api_keys import REMEMBERED_SECONDS, ApiKeys
from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.caller_limits import CallerLimits
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.remembered import MOST
from ai2text.api_gateway.settings import GatewaySettings, JwtSettings
from ai2text.api_gateway.tokens import TokenRefused, Tokens
from ai2text.common import caller_token
from ai2text.common.contracts.inside import NO_TENANT
from ai2text.common.contracts.keys import presented, written
from ai2text.common.errors import Unavailable

INSIDE_KEY = "0123456789abcdef0123456789abcdef"
SECRET = "s" * 43
KEY = written("abcd1234", SECRET)


class Metadata:
    """Answers for one key, until it is revoked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.revoked = False
        self.away = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.away:
            return httpx.Response(503, json={})
        document = json.loads(request.content)
        known = presented(KEY)
        assert known is not None
        if self.revoked or document != {"key_id": known.key_id, "secret_sha256": known.secret_sha256}:
            return httpx.Response(404, json={"detail": "no"})
        return httpx.Response(200, json={"tenant": "acme", "subject": "key:abcd1234", "scopes": ["recordings:read"]})


@pytest.fixture(autouse=True)
def request_id() -> Iterator[None]:
    with bound_contextvars(request_id="request-1"):
        yield


@pytest.fixture
def metadata() -> Metadata:
    return Metadata()


@pytest.fixture
def time() -> list[float]:
    return [100.0]


@pytest.fixture
def door(metadata: Metadata, time: list[float]) -> Door:
    client = httpx.AsyncClient(transport=httpx.MockTransport(metadata.answer))
    keys = ApiKeys(Service(client, "http://metadata", INSIDE_KEY), lambda: time[0])
    return Door(Tokens(JwtSettings(key=INSIDE_KEY)), keys, CallerLimits(GatewaySettings()))


async def test_a_key_stands_for_its_tenant_with_its_own_scopes(door: Door) -> None:
    caller = await door.caller_of(KEY)
    assert (caller.tenant, caller.subject, caller.request_id) == ("acme", "key:abcd1234", "request-1")
    assert caller.scopes == {"recordings:read"}


async def test_the_secret_itself_never_leaves_the_gateway(door: Door, metadata: Metadata) -> None:
    await door.caller_of(KEY)
    (request,) = metadata.asked
    assert SECRET not in f"{request.url} {request.headers} {request.content!r}"


async def test_the_gateway_asks_for_itself_and_for_no_tenant(door: Door, metadata: Metadata) -> None:
    await door.caller_of(KEY)
    signed = metadata.asked[0].headers[caller_token.HEADER]
    assert caller_token.verify(signed, INSIDE_KEY).tenant == NO_TENANT


@pytest.mark.parametrize("key", [written("abcd1234", "t" * 43), written("zzzz9999", SECRET)], ids=["secret", "id"])
async def test_a_wrong_key_is_refused_and_asked_about_each_time(door: Door, metadata: Metadata, key: str) -> None:
    for _ in range(2):
        with pytest.raises(TokenRefused):
            await door.caller_of(key)
    assert len(metadata.asked) == 2


@pytest.mark.parametrize("key", ["a2t_", "a2t_x", f"a2t_abcd1234_{'s' * 31}", f"{KEY}\n", f"a2t_ABCD1234_{SECRET}"])
async def test_what_is_no_key_by_its_form_is_refused_without_a_question(
    door: Door, metadata: Metadata, key: str
) -> None:
    with pytest.raises(TokenRefused):
        await door.caller_of(key)
    assert metadata.asked == []


async def test_a_revoked_key_opens_for_thirty_seconds_at_most(
    door: Door, metadata: Metadata, time: list[float]
) -> None:
    await door.caller_of(KEY)
    metadata.revoked = True
    time[0] += REMEMBERED_SECONDS - 0.1
    await door.caller_of(KEY)
    assert len(metadata.asked) == 1, "remembered"
    time[0] += 0.1
    with pytest.raises(TokenRefused):
        await door.caller_of(KEY)
    assert REMEMBERED_SECONDS <= 30


async def test_while_the_catalogue_is_away_a_remembered_key_opens_and_another_one_has_to_wait(
    door: Door, metadata: Metadata, time: list[float]
) -> None:
    await door.caller_of(KEY)
    metadata.away = True
    await door.caller_of(KEY)
    time[0] += REMEMBERED_SECONDS
    with pytest.raises(Unavailable):
        await door.caller_of(KEY)


async def test_only_so_many_keys_are_remembered_and_the_oldest_is_forgotten() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["key_id"])
        return httpx.Response(200, json={"tenant": "t", "subject": "s", "scopes": []})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    keys = ApiKeys(Service(client, "http://metadata", INSIDE_KEY), lambda: 0.0)
    for number in range(MOST + 1):
        await keys.holder_of(written(f"{number:08}", SECRET))
    await keys.holder_of(written(f"{MOST:08}", SECRET))
    assert len(asked) == MOST + 1
    await keys.holder_of(written(f"{0:08}", SECRET))
    assert asked[-1] == f"{0:08}"
