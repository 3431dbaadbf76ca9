"""Runs as Jobs of a cluster whose API server refuses, fails, and does not answer for what it has done."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from ai2text.common import subjects
from ai2text.common.contracts.states import TrainingStatus
from ai2text.common.contracts.training import KubernetesTraining
from ai2text.common.errors import Misconfigured
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator.kubernetes_jobs import KubernetesJobs, kubernetes_client
from ai2text.training_orchestrator.kubernetes_trainer import KubernetesTrainer
from ai2text.training_orchestrator.runs import Runs
from ai2text.training_orchestrator.settings import TrainingSettings
from tests.fixtures.examples import NOW
from tests.fixtures.kubernetes_api import NAMESPACE, TOKEN, Cluster, Fault, cluster
from tests.fixtures.training import Follower, publish

TRAINING = KubernetesTraining(image="nemo:1")
SOON, LATER = timedelta(seconds=0.1), timedelta(minutes=2)


@pytest.fixture
def api() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


@pytest.fixture
def settings(api: Cluster, tmp_path: Path) -> TrainingSettings:
    token = tmp_path / "token"
    token.write_text(f"{TOKEN}\n")
    return TrainingSettings(
        images=("nemo:*",),
        kubernetes_url=api.url,
        kubernetes_namespace=NAMESPACE,
        kubernetes_token_file=token,
    )


@pytest.fixture
async def followers(
    object_store: ObjectStore, broker: Broker, settings: TrainingSettings
) -> AsyncIterator[list[Follower]]:
    """Two orchestrators, which are less patient than those outside of tests."""
    made = []
    async with kubernetes_client(settings) as client:
        client.timeout = httpx.Timeout(0.5)
        for _ in range(2):
            follower = Follower(object_store, broker, settings)
            jobs = KubernetesJobs(client, settings, follower.monotonic)
            follower.trainers["kubernetes"] = KubernetesTrainer(
                settings=settings, jobs=jobs, bucket=object_store.bucket, clock=follower.clock
            )
            made.append(follower)
        yield made


async def follow(followers: list[Follower], after: timedelta = timedelta()) -> None:
    await asyncio.gather(*(one.follow(after) for one in followers))


async def said(broker: Broker) -> dict[str, int]:
    state = (await broker.jetstream.stream_info(subjects.EVENTS, subjects_filter="training.>")).state
    return state.subjects or {}


async def test_two_orchestrators_make_one_job_and_see_one_end(
    api: Cluster, followers: list[Follower], object_store: ObjectStore, broker: Broker
) -> None:
    publish(object_store, TRAINING)
    await follow(followers)
    assert len(api.made) == 1
    assert followers[0].run().handed_to == api.made[0]
    assert followers[0].run().status is TrainingStatus.REQUESTED
    api.take_up()
    await follow(followers)
    assert followers[1].run().status is TrainingStatus.RUNNING
    object_store.put("default/dataset-runs/speech/000001/000001/outputs/model.nemo", b"weights")
    api.complete()
    for _ in range(2):
        await follow(followers, LATER)
    run = followers[0].run()
    assert (run.status, run.error, run.ended_at) == (TrainingStatus.SUCCEEDED, None, NOW + LATER)
    assert [(one.path, one.bytes) for one in run.outputs] == [("model.nemo", 7)]
    assert await said(broker) == {subjects.TRAINING_REQUESTED: 1, subjects.TRAINING_ENDED: 1}
    assert list(Runs(object_store).marked()) == []
    api.jobs.clear()
    await follow(followers, 2 * LATER)
    assert followers[0].run() == run, "the cluster forgets a Job that has ended"


@pytest.mark.parametrize("fault", ["429", "500", "503", "403", "refused", "late", "cut"])
async def test_whatever_happens_to_the_call_that_makes_it_there_is_one_job(
    api: Cluster, followers: list[Follower], object_store: ObjectStore, fault: Fault
) -> None:
    first, _ = followers
    publish(object_store, TRAINING)
    api.faults.append(fault)
    await first.follow()
    assert first.run().handed_to is None
    assert api.asked == [f"POST {fault}"]
    await first.follow(SOON)
    assert len(api.asked) == 1, "it is left alone for a moment"
    await first.follow(LATER)
    assert first.run().handed_to == api.made[0]
    assert (len(api.made), len(api.jobs)) == (1, 1)
    api.complete()
    await follow(followers, LATER)
    assert first.run().status is TrainingStatus.SUCCEEDED


@pytest.mark.parametrize("fault", ["429", "500", "refused", "late"])
async def test_whatever_happens_to_a_look_the_run_stays_as_it_was(
    api: Cluster, followers: list[Follower], object_store: ObjectStore, fault: Fault
) -> None:
    first, _ = followers
    publish(object_store, TRAINING)
    await first.follow()
    before = first.run()
    api.complete()
    api.faults.append(fault)
    await first.follow(LATER)
    assert first.run() == before
    await first.follow(2 * LATER)
    assert first.run().status is TrainingStatus.SUCCEEDED


async def test_the_pause_doubles_from_failure_to_failure_and_is_as_long_as_the_server_wants(
    api: Cluster, followers: list[Follower], object_store: ObjectStore
) -> None:
    first, _ = followers
    publish(object_store, TRAINING)
    api.faults.extend(["429", *["500"] * 60])  # type: ignore[list-item]
    for second in range(7):
        await first.follow(timedelta(seconds=second))
    assert api.asked == ["POST 429"], "Retry-After: 7"
    for second in range(7, 127):
        await first.follow(timedelta(seconds=second))
    assert 4 <= len(api.asked) <= 10
    api.faults.clear()
    await first.follow(timedelta(seconds=200))
    assert first.run().handed_to == api.made[0]


async def test_a_failed_job_says_why_and_one_that_somebody_has_deleted_too(
    api: Cluster, followers: list[Follower], object_store: ObjectStore
) -> None:
    first, second = publish(object_store, TRAINING), publish(object_store, TRAINING)
    await follow(followers[:1])
    kept = followers[0].run(first).handed_to
    api.jobs = {name: job for name, job in api.jobs.items() if name == kept}
    api.fail("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    await follow(followers)
    failed, vanished = followers[0].run(first), followers[0].run(second)
    assert failed.error is not None
    assert (failed.error.code, failed.error.detail[:15]) == ("backoff_limit_exceeded", "Job has reached")
    assert vanished.error is not None
    assert (vanished.status, vanished.error.code) == (TrainingStatus.FAILED, "job_vanished")


async def test_a_job_that_the_cluster_does_not_take_ends_the_run_with_its_words(
    api: Cluster, followers: list[Follower], object_store: ObjectStore, settings: TrainingSettings
) -> None:
    settings.pod["nodeSelektor"] = {"gpu": "a100"}
    publish(object_store, TRAINING)
    await follow(followers)
    run = followers[0].run()
    assert run.error is not None
    assert (run.status, run.error.code, "nodeSelektor" in run.error.detail) == (
        TrainingStatus.FAILED,
        "job_refused",
        True,
    )
    assert api.made == []


async def test_a_token_that_is_replaced_is_read_again(
    api: Cluster, followers: list[Follower], object_store: ObjectStore, settings: TrainingSettings
) -> None:
    assert settings.kubernetes_token_file is not None
    settings.kubernetes_token_file.write_text("old")
    publish(object_store, TRAINING)
    await followers[0].follow()
    assert api.made == []
    settings.kubernetes_token_file.write_text(TOKEN)
    await followers[0].follow(LATER)
    assert len(api.made) == 1


def test_a_file_of_certificates_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="AI2TEXT_TRAINING_KUBERNETES_CA_FILE"):
        kubernetes_client(TrainingSettings(kubernetes_ca_file=tmp_path / "none.crt"))
