"""A service that fails everybody is left alone, but for one who tries."""

import pytest

from ai2text.api_gateway.circuit import FAILURES, LONGEST_PAUSE_SECONDS, PAUSE_SECONDS, Circuit
from ai2text.common.errors import Unavailable
from tests.fixtures.stopped_clock import StoppedClock


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def open_circuit(clock: StoppedClock) -> Circuit:
    circuit = Circuit("a service", clock)
    for _ in range(FAILURES):
        circuit.check()
        circuit.failed()
    return circuit


def lets_through(circuit: Circuit) -> bool:
    try:
        circuit.check()
    except Unavailable:
        return False
    return True


def test_failures_in_a_row_open_it_and_others_do_not(clock: StoppedClock) -> None:
    circuit = Circuit("a service", clock)
    for _ in range(3):
        for _ in range(FAILURES - 1):
            circuit.failed()
        assert lets_through(circuit)
        circuit.succeeded()
    for _ in range(FAILURES):
        circuit.failed()
    assert not lets_through(circuit)


def test_while_it_is_open_one_request_after_each_pause_tries(open_circuit: Circuit, clock: StoppedClock) -> None:
    assert not lets_through(open_circuit)
    clock.now += PAUSE_SECONDS
    assert [lets_through(open_circuit) for _ in range(10)] == [True] + [False] * 9


def test_one_that_tried_without_telling_how_it_went_is_followed_by_another(
    open_circuit: Circuit, clock: StoppedClock
) -> None:
    for _ in range(5):
        clock.now += LONGEST_PAUSE_SECONDS
        assert lets_through(open_circuit)


def test_pauses_grow_to_a_bound(open_circuit: Circuit, clock: StoppedClock) -> None:
    pauses = []
    for _ in range(8):
        began = clock.now
        while not lets_through(open_circuit):
            clock.now += 0.25
        pauses.append(clock.now - began)
        open_circuit.failed()
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)


def test_an_answer_closes_it_at_once(open_circuit: Circuit, clock: StoppedClock) -> None:
    clock.now += PAUSE_SECONDS
    assert lets_through(open_circuit)
    open_circuit.succeeded()
    assert all(lets_through(open_circuit) for _ in range(10))
