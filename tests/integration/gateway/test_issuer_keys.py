"""The keys of an issuer: rotated, taken back, unknown, slow and away."""

import asyncio
from collections.abc import Iterator

import pytest

from ai2text.api_gateway.issuer_keys import COOL_DOWN_SECONDS, FRESH_SECONDS, STALE_SECONDS, IssuerKeys
from ai2text.common.errors import Unavailable
from tests.fixtures.key_server import KeyServer, key_server
from tests.fixtures.stopped_clock import StoppedClock


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as running:
        running.publish("one")
        yield running


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def keys(server: KeyServer, clock: StoppedClock) -> IssuerKeys:
    return IssuerKeys(server.url, clock, whole_seconds=2)


async def test_keys_are_fetched_once_for_many(keys: IssuerKeys, server: KeyServer) -> None:
    server.delay_seconds = 0.2
    found = await asyncio.gather(*(keys.find("one") for _ in range(50)))
    assert all(found)
    assert await keys.find("one")
    assert server.asked == 1


async def test_a_new_key_is_known_as_soon_as_it_is_used(
    keys: IssuerKeys, server: KeyServer, clock: StoppedClock
) -> None:
    await keys.find("one")
    server.publish("two")
    clock.now += COOL_DOWN_SECONDS + 1
    assert await keys.find("two")


async def test_made_up_keys_do_not_make_the_issuer_be_asked_each_time(keys: IssuerKeys, server: KeyServer) -> None:
    assert [await keys.find(f"made-up-{n}") for n in range(100)] == [None] * 100
    assert server.asked == 1


async def test_a_key_that_was_taken_back_opens_no_longer(
    keys: IssuerKeys, server: KeyServer, clock: StoppedClock
) -> None:
    assert await keys.find("one")
    server.keys.clear()
    server.publish("two")
    clock.now += FRESH_SECONDS + 1
    assert await keys.find("one") is None
    assert await keys.find("two")


@pytest.mark.parametrize("trouble", ["away", "500", "a redirect", "no keys", "slow"])
async def test_while_the_issuer_fails_known_keys_go_on_for_a_while_and_no_longer(
    keys: IssuerKeys, server: KeyServer, clock: StoppedClock, trouble: str
) -> None:
    assert await keys.find("one")
    match trouble:
        case "away":
            server.leave()
        case "500":
            server.status = 500
        case "a redirect":
            server.status, server.location = 302, server.url.replace("certs", "elsewhere")
        case "no keys":
            server.keys.clear()
        case _:
            server.delay_seconds = 2.5
    clock.now += FRESH_SECONDS + 1
    assert await keys.find("one")
    clock.now += STALE_SECONDS
    with pytest.raises(Unavailable, match="cannot be fetched"):
        await keys.find("one")


async def test_an_issuer_that_never_answered_is_asked_again_after_a_pause(
    keys: IssuerKeys, server: KeyServer, clock: StoppedClock
) -> None:
    server.status = 503
    for _ in range(5):
        with pytest.raises(Unavailable):
            await keys.find("one")
    assert server.asked == 1
    server.status = 200
    clock.now += COOL_DOWN_SECONDS + 1
    assert await keys.find("one")


async def test_keys_for_encryption_are_none_to_sign_with(keys: IssuerKeys, server: KeyServer) -> None:
    server.publish("secret", use="enc")
    assert await keys.find("secret") is None
