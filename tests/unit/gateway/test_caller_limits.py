"""Nobody asks too often, or for too much at once, and nobody pays for another."""

import pytest
from fastapi import HTTPException

from ai2text.api_gateway.caller_limits import CallerLimits
from ai2text.api_gateway.settings import GatewaySettings
from ai2text.common.contracts.inside import Caller
from tests.fixtures.stopped_clock import StoppedClock

SETTINGS = GatewaySettings(requests_per_second=2, requests_burst=10, requests_at_once=3, event_streams=5)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def limits(clock: StoppedClock) -> CallerLimits:
    return CallerLimits(SETTINGS, clock)


def caller(subject: str = "one", tenant: str = "t") -> Caller:
    return Caller(tenant=tenant, subject=subject, scopes=frozenset(), request_id="request-1")


def answered(limits: CallerLimits, who: Caller, times: int) -> int:
    """Of so many requests, each over before the next."""
    count = 0
    for _ in range(times):
        try:
            limits.enter(who)()
        except HTTPException:
            continue
        count += 1
    return count


def test_a_burst_is_answered_and_then_the_rate(limits: CallerLimits, clock: StoppedClock) -> None:
    assert answered(limits, caller(), 20) == 10
    clock.now += 3
    assert answered(limits, caller(), 20) == 6
    clock.now += 3600
    assert answered(limits, caller(), 20) == 10


def test_who_asks_too_often_is_told_when_to_come_again(limits: CallerLimits, clock: StoppedClock) -> None:
    answered(limits, caller(), 10)
    with pytest.raises(HTTPException) as refusal:
        limits.enter(caller())
    assert refusal.value.status_code == 429
    wait = int((refusal.value.headers or {})["Retry-After"])
    clock.now += wait
    assert answered(limits, caller(), 1) == 1


def test_another_caller_of_the_tenant_is_counted_apart(limits: CallerLimits) -> None:
    answered(limits, caller(), 20)
    assert answered(limits, caller("two"), 1) == 1
    assert answered(limits, caller(tenant="u"), 1) == 1


def test_of_one_tenant_so_many_are_under_way(limits: CallerLimits) -> None:
    leaving = [limits.enter(caller(subject)) for subject in ("one", "two", "three")]
    with pytest.raises(HTTPException, match="At most 3"):
        limits.enter(caller("four"))
    assert answered(limits, caller(tenant="u"), 1) == 1
    leaving[0]()
    assert answered(limits, caller("four"), 1) == 1


def test_who_listens_is_counted_apart_and_leaves_once(limits: CallerLimits) -> None:
    leaving = [limits.listen(caller()) for _ in range(5)]
    with pytest.raises(HTTPException, match="At most 5 streams"):
        limits.listen(caller("two"))
    assert answered(limits, caller(), 1) == 1
    for _ in range(3):
        leaving[0]()
    limits.listen(caller())
    with pytest.raises(HTTPException, match="At most 5 streams"):
        limits.listen(caller())


def test_made_up_callers_take_no_memory(limits: CallerLimits) -> None:
    for number in range(30_000):
        answered(limits, caller(f"subject-{number}"), 1)
    assert len(limits._allowances) <= 10_000  # noqa: SLF001 - it is not told
    assert not limits._under_way  # noqa: SLF001
