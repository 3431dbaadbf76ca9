import asyncio

from structlog.testing import capture_logs

from ai2text.ingestion.admission import Admission


def admission() -> Admission:
    return Admission(2, lambda: True)


def test_of_many_failures_the_first_is_said_and_the_recovery_once() -> None:
    gate = admission()
    with capture_logs() as said:
        for number in range(100):
            gate.failed("inbox", f"{number}.wav", "S3 is away")
        while_away = gate.open
        gate.succeeded()
        gate.succeeded()
    assert (while_away, gate.open) == (False, True)
    assert [record["event"] for record in said] == ["ingestion_paused", "ingestion_resumed"]


def test_when_all_that_failed_were_taken_away_nobody_waits() -> None:
    gate = admission()
    gate.failed("inbox", "a.wav", "away")
    gate.gone("inbox", "a.wav")
    assert gate.open


async def test_while_all_is_well_nobody_waits() -> None:
    async with asyncio.timeout(1):
        await admission().wait(asyncio.Event())


async def test_a_stop_ends_every_wait() -> None:
    gate, stop = Admission(2, lambda: False), asyncio.Event()
    gate.failed("inbox", "a.wav", "away")
    waiting = [asyncio.create_task(gate.wait(stop)) for _ in range(8)]
    stop.set()
    async with asyncio.timeout(1):
        await asyncio.gather(*waiting)
