"""The object store fails while a version is made, and a worker sleeps while another one makes it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from ai2text.common.object_store import ObjectStore
from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.orchestrator_service import (
    OrchestratorService,
    PreparedCatalogue,
    prepared_catalogue,
    stored_recordings,
)
from tests.fixtures.service_process import Servers

pytestmark = [pytest.mark.slow, pytest.mark.lesson("L12")]

CUT_AND_PACKED = {"segmentation": "segments", "audio": {"codec": "flac"}, "formats": ["nemo", "webdataset"]}
WRITES = {
    "a-cut": "cuts/",
    "a-plan": "dataset-plans/a-plan/000001/001.json",
    "a-file": "dataset-files/a-file/",
    "a-shard": "dataset-shards/a-shard/000001/001/000/000001.json",
    "an-outcome": "datasets/an-outcome/versions/000001/outcome.json",
}
"""What is being written when the fault happens, by the dataset's name. Cuts are made once, for the first of them."""


@pytest.fixture
def catalogue(object_store: ObjectStore) -> Iterator[PreparedCatalogue]:
    with prepared_catalogue(stored_recordings(object_store, 4)) as prepared:
        yield prepared


def put(servers: Servers, place: str) -> bytes:
    """How a request to write there begins."""
    return f"PUT /{servers.s3.bucket}/default/{place}".encode()


def ask(service: OrchestratorService, name: str) -> None:
    answer = service.request("POST", "/v1/datasets", json={"name": name, **CUT_AND_PACKED})
    assert (answer.status_code, answer.json()["version"]) == (202, 1), answer.text


def until_it_waits(service: OrchestratorService, times: int) -> None:
    """Once more than so many times."""
    service.until(lambda: len(service.logged("waiting_for_a_server")) > times)


def test_a_store_that_fails_at_any_write_delays_the_version_and_publishes_it_whole(
    tmp_path: Path, servers: Servers, catalogue: PreparedCatalogue, s3_proxy: FaultProxy
) -> None:
    env = {"AI2TEXT_S3_ENDPOINT": s3_proxy.address}
    with OrchestratorService(tmp_path, servers, catalogue.url, env) as service:
        for name, place in WRITES.items():
            waited = len(service.logged("waiting_for_a_server"))
            s3_proxy.refuse_at(put(servers, place))
            ask(service, name)
            until_it_waits(service, waited)
            outcome = f"default/datasets/{name}/versions/000001/outcome.json"
            assert not service.store.exists(outcome), "nothing is published before all of it is there"
            s3_proxy.resume()
            service.until(service.is_at_rest)
            service.check_published_once(name)


def test_an_answer_that_is_lost_leaves_one_version_and_one_outcome(
    tmp_path: Path, servers: Servers, catalogue: PreparedCatalogue, s3_proxy: FaultProxy
) -> None:
    """The store has written it, and nobody knows."""
    env = {"AI2TEXT_S3_ENDPOINT": s3_proxy.address}
    claims = {"a-claim": "datasets/a-claim/versions/000001/claim.json"}
    with OrchestratorService(tmp_path, servers, catalogue.url, env) as service:
        for name, place in {**WRITES, **claims}.items():
            s3_proxy.lose_answer_to(put(servers, place))
            ask(service, name)
            service.until(service.is_at_rest)
            service.check_published_once(name)
        s3_proxy.lose_answer_to(put(servers, "dataset-rebuilds/a-claim/000001/001/claim.json"))
        assert service.request("POST", "/v1/datasets/a-claim/versions/1/rebuild").status_code == 202
        service.until(service.is_at_rest)
        rebuild = service.version("a-claim")["rebuild"]
        assert (rebuild["number"], rebuild["status"]) == (1, "published")
        service.check_published_once("a-claim")


@pytest.mark.parametrize("name", ["a-plan", "a-file", "a-shard", "an-outcome"])
def test_a_worker_that_sleeps_while_another_publishes_the_version_wakes_up_and_changes_nothing(
    tmp_path: Path, servers: Servers, catalogue: PreparedCatalogue, s3_proxy: FaultProxy, name: str
) -> None:
    """It falls asleep in the middle of a write, which reaches the store when all is over."""
    env = {"AI2TEXT_S3_ENDPOINT": s3_proxy.address}
    with OrchestratorService(tmp_path, servers, catalogue.url, env) as sleeper:
        s3_proxy.go_deaf_at(put(servers, WRITES[name]))
        ask(sleeper, name)
        sleeper.until(lambda: s3_proxy.is_deaf)
        pid = sleeper.pid
        os.kill(pid, signal.SIGSTOP)
        with OrchestratorService(tmp_path, servers, catalogue.url, {}, "second").beside() as other:
            try:
                other.until(lambda: other.version(name)["status"] == "published")
                other.until(other.is_at_rest)
                before = other.version(name)
            finally:
                os.kill(pid, signal.SIGCONT)
                s3_proxy.resume()
            sleeper.until(lambda: sleeper.in_flight() == 0)
            other.until(other.is_at_rest)
            assert other.version(name) == sleeper.version(name) == before
            other.check_published_once(name)
