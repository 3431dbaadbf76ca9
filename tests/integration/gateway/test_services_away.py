"""What the door says while the services behind it do not answer."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest

from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.gateway import bearer, gateway


@pytest.fixture
async def door(unused_tcp_port: int) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway whose services are away."""
    async with gateway(f"http://127.0.0.1:{unused_tcp_port}") as client:
        yield client


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


DEAF_SECONDS = 1.5


@pytest.mark.lesson("L10")
async def test_a_deaf_service_is_soon_not_waited_for_at_all_and_others_answer_as_before(unused_tcp_port: int) -> None:
    with FaultProxy("127.0.0.1", unused_tcp_port) as proxy:
        proxy.go_deaf()
        away = f"http://127.0.0.1:{unused_tcp_port}"
        behind = {"ingestion_url": f"http://{proxy.address}", "read_timeout_seconds": DEAF_SECONDS}
        async with gateway(away, connections=4, **behind) as door:
            headers = bearer("recordings:read recordings:write")
            meanwhile = [asyncio.create_task(door.post("/v1/uploads", headers=headers, json={})) for _ in range(8)]
            await asyncio.sleep(0.1)
            assert (await door.get("/v1/recordings", headers=headers)).status_code == 503, "away, and said at once"
            assert not any(one.done() for one in meanwhile)
            assert {answer.status_code for answer in await asyncio.gather(*meanwhile)} == {503}
            began = time.monotonic()
            assert (await door.post("/v1/uploads", headers=headers, json={})).status_code == 503
            assert time.monotonic() - began < DEAF_SECONDS, "nobody waits for its time-out any more"


@dataclass
class Behind:
    url: str = ""
    heard: list[bytes] = field(default_factory=list)
    """The first lines of all requests."""
    connections: int = 0


@asynccontextmanager
async def breaking(times: int) -> AsyncIterator[Behind]:
    """A service that breaks off so many requests before it answers."""
    behind = Behind()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                behind.heard.append(head.split(b"\r\n")[0])
                if len(behind.heard) <= times:
                    break
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        behind.connections -= 1

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        behind.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield behind
        async with asyncio.timeout(5):
            while behind.connections:
                await asyncio.sleep(0.01)


@pytest.mark.lesson("L22")
@pytest.mark.parametrize(("times", "status"), [(0, 200), (1, 200), (2, 503)])
async def test_l22_a_read_that_broke_is_sent_once_more_and_not_for_ever(times: int, status: int) -> None:
    async with breaking(times) as behind, gateway(behind.url) as door:
        assert (await door.get("/v1/recordings", headers=bearer())).status_code == status
        assert len(behind.heard) == min(times, 1) + 1


@pytest.mark.lesson("L22")
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_l22_what_changes_something_is_never_sent_twice(method: str) -> None:
    path = "/v1/jobs" if method == "POST" else "/v1/jobs/00000000-0000-0000-0000-000000000001"
    async with breaking(1) as behind, gateway(behind.url) as door:
        answer = await door.request(method, path, headers=bearer("recordings:write"))
        assert answer.status_code == 503
        assert len(behind.heard) == 1


@pytest.mark.lesson("L16")
async def test_l16_a_gateway_keeps_one_connection_and_leaves_none_when_it_ends() -> None:
    async with breaking(0) as behind:
        async with gateway(behind.url) as door:
            for _ in range(5):
                assert (await door.get("/v1/recordings", headers=bearer())).status_code == 200
            assert behind.connections == 1
        async with asyncio.timeout(5):
            while behind.connections:
                await asyncio.sleep(0.01)
