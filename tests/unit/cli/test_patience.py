import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from ai2text.cli.patience import LONGEST_SECONDS, Patience


class Clock:
    """Pauses pass at once."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        return self.passed

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds


def gateway(*answers: int | str | httpx.TransportError) -> Callable[[], Awaitable[httpx.Response]]:
    """A status, a 503 with what it says in Retry-After, or no answer; the last one for ever."""
    left = list(answers)

    async def request() -> httpx.Response:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, httpx.TransportError):
            raise answer
        if isinstance(answer, str):
            return httpx.Response(503, headers={"Retry-After": answer})
        return httpx.Response(answer)

    return request


@pytest.mark.lesson("L22")
@pytest.mark.parametrize(
    ("answer", "seconds"), [("7", 7), ("0", 0), ("3600", 30), ("Wed, 21 Oct 2026 07:28:00 GMT", 1), (429, 1)]
)
async def test_l22_who_is_busy_is_asked_again_when_it_says_but_not_in_an_hour(
    answer: int | str, seconds: float
) -> None:
    clock = Clock()
    found = await Patience(clock.now, clock.sleep).ask(gateway(answer, 200))
    assert (found.status_code, clock.passed) == (200, seconds)


async def test_who_stays_busy_is_not_asked_for_ever() -> None:
    clock = Clock()
    assert (await Patience(clock.now, clock.sleep).ask(gateway(503))).status_code == 503
    assert LONGEST_SECONDS < clock.passed < LONGEST_SECONDS + 5


async def test_a_refusal_is_an_answer() -> None:
    clock = Clock()
    assert (await Patience(clock.now, clock.sleep).ask(gateway(422, 200))).status_code == 422
    assert clock.passed == 0


async def test_a_gateway_that_restarts_is_waited_for() -> None:
    clock = Clock()
    away = [httpx.ConnectError("refused")] * 40
    assert (await Patience(clock.now, clock.sleep).ask(gateway(*away, 200))).status_code == 200


async def test_a_gateway_that_is_gone_is_waited_for_once_and_not_with_each_request() -> None:
    clock = Clock()
    patience = Patience(clock.now, clock.sleep)
    with pytest.raises(httpx.ConnectError):
        await patience.ask(gateway(httpx.ConnectError("refused")))
    gone = clock.passed
    assert LONGEST_SECONDS < gone < LONGEST_SECONDS + 5
    with pytest.raises(httpx.ConnectError):
        await patience.ask(gateway(httpx.ConnectError("refused")))
    assert clock.passed == gone
    assert (await patience.ask(gateway(200))).status_code == 200
    assert (await patience.ask(gateway(httpx.ConnectError("refused"), 200))).status_code == 200


async def test_a_cancellation_that_a_library_told_as_a_time_out_is_one() -> None:
    under_way = asyncio.Event()

    async def swallowing() -> httpx.Response:
        under_way.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise httpx.ReadTimeout("") from None
        raise AssertionError

    asking = asyncio.create_task(Patience(sleep=Clock().sleep).ask(swallowing))
    await under_way.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, 5)
