"""The life of a service, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

SCRIPT = """
import asyncio
import structlog
from ai2text.common.run import Life, run_service
log = structlog.get_logger()
{body}
if __name__ == "__main__":
    run_service("example", serve)
"""
DEADLINE_SECONDS = 20
Start = Callable[..., "Service"]


class Service:
    def __init__(self, script: Path, env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(script)], env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def until_logged(self, event: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if json.loads(line)["event"] == event:
                found: dict[str, Any] = json.loads(line)
                return found
        raise AssertionError(f"{event} was never logged")

    def end(self) -> tuple[int, list[dict[str, Any]]]:
        """The exit status and what else was logged."""
        output, _ = self.process.communicate(timeout=DEADLINE_SECONDS)
        return self.process.returncode, [json.loads(line) for line in output.splitlines()]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    services: list[Service] = []

    def started(body: str, **env: str) -> Service:
        script = tmp_path / "example.py"
        script.write_text(SCRIPT.format(body=textwrap.dedent(body)))
        services.append(Service(script, env))
        return services[-1]

    yield started
    for service in services:
        service.process.kill()
        service.process.communicate()


DRAINING = """
async def serve(life: Life) -> None:
    life.probes.ready_when("work", lambda: not life.stop.is_set())
    log.info("serving")
    await life.stop.wait()
    await asyncio.sleep({seconds})
    log.info("finished_what_was_held")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_service_finishes_what_it_holds_and_ends_with_0(start: Start, number: signal.Signals) -> None:
    service = start(DRAINING.format(seconds=0.5))
    service.until_logged("serving")
    service.process.send_signal(number)
    code, logged = service.end()
    assert code == 0
    assert "finished_what_was_held" in [line["event"] for line in logged]


@pytest.mark.lesson("L45")
def test_a_service_that_does_not_finish_is_ended_at_the_drain_deadline(start: Start) -> None:
    service = start(DRAINING.format(seconds=60), AI2TEXT_INSIDE_DRAIN_SECONDS="0.5")
    service.until_logged("serving")
    service.process.terminate()
    code, logged = service.end()
    assert code == 0
    assert "drain_deadline_passed" in [line["event"] for line in logged]


def test_the_inside_port_tells_alive_from_ready_and_gives_the_metrics(start: Start) -> None:
    service = start(
        """
        async def serve(life: Life) -> None:
            life.probes.ready_when("database", lambda: False)
            life.probes.ready_when("queue", lambda: True)
            log.info("serving")
            await life.stop.wait()
        """
    )
    port = service.until_logged("service_starting")["inside_port"]
    service.until_logged("serving")
    inside = f"http://127.0.0.1:{port}"
    assert httpx.get(f"{inside}/healthz").status_code == 200
    ready = httpx.get(f"{inside}/readyz")
    assert (ready.status_code, ready.json()) == (503, {"database": False, "queue": True})
    assert "process_resident_memory_bytes" in httpx.get(f"{inside}/metrics").text
    service.process.terminate()
    assert service.end()[0] == 0


def test_a_service_is_not_ready_before_it_has_said_what_it_needs(start: Start) -> None:
    service = start(
        """
        async def serve(life: Life) -> None:
            log.info("serving")
            await life.stop.wait()
        """
    )
    port = service.until_logged("service_starting")["inside_port"]
    service.until_logged("serving")
    assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 503
    assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200


@pytest.mark.lesson("L31")
def test_l31_an_error_in_a_background_task_ends_the_process_and_is_logged_with_its_traceback(start: Start) -> None:
    service = start(
        """
        async def broken() -> None:
            await asyncio.sleep(0.1)
            raise ZeroDivisionError("in the background")
        async def serve(life: Life) -> None:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(broken())
                await life.stop.wait()
        """
    )
    code, logged = service.end()
    assert code == 1
    failure = next(line for line in logged if line["event"] == "process_failed")
    assert "ZeroDivisionError: in the background" in failure["exception"]
    assert 'raise ZeroDivisionError("in the background")' in failure["exception"]


def test_a_missing_setting_ends_the_process_with_2_and_names_the_variable(start: Start) -> None:
    service = start(
        """
        from ai2text.common.settings import CallerSettings, load
        async def serve(life: Life) -> None:
            load(CallerSettings)
        """
    )
    code, logged = service.end()
    assert code == 2
    (line,) = [line for line in logged if line["event"] == "misconfigured"]
    assert "AI2TEXT_CALLER_KEY" in line["detail"]


@pytest.mark.lesson("L48")
def test_l48_every_line_is_json_with_the_service_and_what_was_bound(start: Start) -> None:
    service = start(
        """
        import logging
        async def serve(life: Life) -> None:
            structlog.contextvars.bind_contextvars(recording_id="r1")
            log.info("taken", bytes=5)
            logging.getLogger("some.library").warning("from a library: %s", 7)
        """
    )
    code, logged = service.end()
    assert code == 0
    taken = next(line for line in logged if line["event"] == "taken")
    assert (taken["service"], taken["recording_id"], taken["bytes"]) == ("example", "r1", 5)
    assert "from a library: 7" in [line["event"] for line in logged]


def test_a_named_point_kills_the_process_there_once(start: Start, tmp_path: Path) -> None:
    body = """
    async def serve(life: Life) -> None:
        log.debug("step_one")
        log.debug("step_two")
        log.info("all_done")
    """
    env = {"AI2TEXT_LOG_KILL_AT": f"step_two@{tmp_path}", "AI2TEXT_LOG_LEVEL": "debug"}
    code, logged = start(body, **env).end()
    assert code == -signal.SIGKILL
    assert [line["event"] for line in logged][-1] == "step_one"
    code, logged = start(body, **env).end()
    assert code == 0
    assert "all_done" in [line["event"] for line in logged]
