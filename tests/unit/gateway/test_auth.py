import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from structlog.contextvars import bound_contextvars

from ai2text.api_gateway.api_keys import ApiKeys
from ai2text.api_gateway.auth import Door, TokenRefused
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.settings import JwtSettings

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def request_id() -> Iterator[None]:
    with bound_contextvars(request_id="request-1"):
        yield


@pytest.fixture
def door() -> Door:
    return Door(JwtSettings(key=KEY), ApiKeys(Service(httpx.AsyncClient(), "http://metadata", KEY)))


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": "ai2text-embedded",
        "aud": "ai2text",
        "sub": "annotator",
        "tenant": "default",
        "scope": "recordings:read admin",
        "iat": now,
        "exp": now + 600,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(changes: dict[str, Any] | None = None, key: str = KEY, algorithm: str = "HS256") -> str:
    return jwt.encode(claims(**(changes or {})), key, algorithm=algorithm)


async def test_a_good_token_says_who_calls(door: Door) -> None:
    caller = await door.caller_of(signed())
    assert (caller.tenant, caller.subject, caller.request_id) == ("default", "annotator", "request-1")
    assert caller.scopes == {"recordings:read", "admin"}


@pytest.mark.parametrize("claim", ["exp", "iat", "iss", "aud", "sub", "tenant"])
async def test_a_token_without_a_required_claim_is_refused(door: Door, claim: str) -> None:
    with pytest.raises(TokenRefused):
        await door.caller_of(signed({claim: None}))


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "somebody"},
        {"aud": "something"},
        {"exp": 1},
        {"exp": 10**12},
        pytest.param({"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200}, id="not yet"),
        {"tenant": "../other"},
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_claim_is_refused(door: Door, change: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        await door.caller_of(signed(change))


async def test_a_token_of_another_key_is_refused(door: Door) -> None:
    with pytest.raises(TokenRefused):
        await door.caller_of(signed(key="f" * 32))


async def test_a_token_without_a_signature_is_refused(door: Door) -> None:
    with pytest.raises(TokenRefused):
        await door.caller_of(jwt.encode(claims(), None, algorithm="none"))


async def test_a_token_of_another_algorithm_is_refused(door: Door) -> None:
    with pytest.raises(TokenRefused):
        await door.caller_of(signed(key=KEY * 2, algorithm="HS512"))


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c"])
async def test_what_is_no_token_is_refused(door: Door, token: str | None) -> None:
    with pytest.raises(TokenRefused):
        await door.caller_of(token)
