"""A run from the publication of its version to its end, followed by several orchestrators at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from ai2text.common import subjects
from ai2text.common.caller_token import authenticated
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import DatasetStatus, TrainingStatus
from ai2text.common.contracts.training import CommandTraining, TrainingEnded, TrainingRequested
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.common.problems import answer_errors_as_problems
from ai2text.common.settings import S3Settings
from ai2text.training_orchestrator.dataset import Withdrawal
from ai2text.training_orchestrator.run_routes import run_router
from ai2text.training_orchestrator.runs import Runs
from ai2text.training_orchestrator.training_run import Run, outputs_prefix, run_key, running
from ai2text.training_orchestrator.versions import Versions
from tests.fixtures.examples import NOW
from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.inside import KEY, ask
from tests.fixtures.training import EVENT, PLACE, Follower, publish

RUNS = "/v1/datasets/speech/versions/1/runs"
SHA256 = "ab" * 32


@pytest.fixture
def followers(object_store: ObjectStore, broker: Broker) -> list[Follower]:
    return [Follower(object_store, broker) for _ in range(2)]


@pytest.fixture
def app(object_store: ObjectStore) -> FastAPI:
    app = FastAPI()
    answer_errors_as_problems(app)
    app.include_router(run_router(object_store, Versions(object_store), authenticated(KEY)))
    return app


async def follow(followers: list[Follower], after: timedelta = timedelta()) -> None:
    await asyncio.gather(*(one.follow(after) for one in followers))


async def said(broker: Broker) -> list[Any]:
    state = (await broker.jetstream.stream_info(subjects.EVENTS)).state
    messages = [
        await broker.jetstream.get_msg(subjects.EVENTS, number)
        for number in range(max(state.first_seq, 1), state.last_seq + 1)
    ]
    contracts = {subjects.TRAINING_REQUESTED: TrainingRequested, subjects.TRAINING_ENDED: TrainingEnded}
    return [decode(contracts[str(message.subject)], message.data or b"") for message in messages]


async def told(app: FastAPI) -> list[dict[str, Any]]:
    answer = await ask(app, "GET", RUNS, "default")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def report(app: FastAPI, status: str, **more: Any) -> tuple[int, Any]:
    answer = await ask(app, "POST", f"{RUNS}/1", "default", json={"status": status, **more})
    return answer.status_code, answer.json()


async def test_of_many_changes_of_one_state_of_a_run_one_is_made(object_store: ObjectStore) -> None:
    runs = Runs(object_store)
    begun = [runs.begin(Run(place=PLACE, run_id=f"{number}", requested_at=NOW)) for number in range(3)]
    assert begun == [True, False, False]
    found = runs.find(PLACE)
    assert found is not None
    run, etag = found
    changes = [replace(run, handed_to=f"orchestrator {number}") for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        made = [stands for stands in pool.map(lambda change: runs.change(change, etag), changes) if stands]
    assert len(made) == 1
    assert runs.of_version("default", "speech", 1) == made


async def test_what_a_killed_writer_left_empty_is_no_run(object_store: ObjectStore) -> None:
    runs = Runs(object_store)
    object_store.put(run_key(PLACE), b"")
    assert runs.of_version("default", "speech", 1) == []
    assert runs.begin(Run(place=PLACE, run_id="x", requested_at=NOW))


async def test_a_change_counts_also_where_the_stores_answer_to_it_was_lost(
    object_store: ObjectStore, s3_settings: S3Settings, s3_proxy: FaultProxy
) -> None:
    runs = Runs(ObjectStore(s3_settings.model_copy(update={"endpoint": s3_proxy.address})))
    write = f"PUT /{s3_settings.bucket}/{run_key(PLACE)}".encode()
    s3_proxy.lose_answer_to(write)
    assert runs.begin(Run(place=PLACE, run_id="x", requested_at=NOW))
    found = runs.find(PLACE)
    assert found is not None
    s3_proxy.lose_answer_to(write)
    changed = runs.change(running(found[0], NOW), found[1])
    assert changed is not None
    assert Runs(object_store).of_version("default", "speech", 1) == [changed]


async def test_a_published_version_is_trained_on_once_and_whoever_listens_reports_how_it_goes(
    object_store: ObjectStore, followers: list[Follower], broker: Broker, app: FastAPI
) -> None:
    publish(object_store, EVENT)
    for _ in range(3):
        await follow(followers)
    (requested,) = await said(broker)
    assert requested.kind == "event"
    object_store.put(f"{requested.outputs_prefix}model/weights.bin", b"weights")
    (item,) = await told(app)
    assert (item["status"], item["started_at"], item["outputs"]) == ("requested", None, [])
    assert (await report(app, "running", metrics={"wer": 0.9}))[1]["status"] == "running"
    ended = {"metrics": {"loss": 0.1}, "outputs": [{"path": "s3://models/speech", "sha256": SHA256}]}
    status, answer = await report(app, "succeeded", **ended)
    assert (status, answer["metrics"]) == (200, {"wer": 0.9, "loss": 0.1})
    stored = {"path": "model/weights.bin", "bytes": 7, "sha256": None}
    assert [{**one, "etag": None} for one in answer["outputs"]] == [
        {"path": "s3://models/speech", "bytes": None, "etag": None, "sha256": SHA256},
        {**stored, "etag": None},
    ]
    assert (await report(app, "succeeded"))[1] == answer, "said again"
    assert (await report(app, "failed"))[0] == 409
    for _ in range(2):
        await follow(followers)
    assert [type(event).__name__ for event in await said(broker)] == ["TrainingRequested", "TrainingEnded"]
    assert list(Runs(object_store).marked()) == []


async def test_what_nobody_ends_has_timed_out_after_its_hours(
    object_store: ObjectStore, followers: list[Follower], broker: Broker, app: FastAPI
) -> None:
    publish(object_store, EVENT)
    await follow(followers)
    await follow(followers, timedelta(hours=24))
    assert (await told(app))[0]["status"] == "requested"
    await follow(followers, timedelta(hours=24, seconds=1))
    (item,) = await told(app)
    assert (item["status"], item["error"]["code"]) == ("failed", "timed_out")
    _, ended = await said(broker)
    assert (ended.status, ended.error.code) == (TrainingStatus.FAILED, "timed_out")


@pytest.mark.parametrize("training", [EVENT, None])
async def test_a_version_that_failed_or_has_no_training_has_no_run_and_is_followed_no_more(
    object_store: ObjectStore, followers: list[Follower], app: FastAPI, training: Any
) -> None:
    publish(object_store, training, DatasetStatus.FAILED if training else DatasetStatus.PUBLISHED)
    Runs(object_store).mark(PLACE)
    await follow(followers)
    assert await told(app) == []
    assert list(Runs(object_store).marked()) == []
    assert (await ask(app, "POST", RUNS, "default")).status_code == 409


async def test_of_a_version_that_was_withdrawn_no_run_begins_and_one_that_has_begun_is_marked(
    object_store: ObjectStore, followers: list[Follower], app: FastAPI
) -> None:
    publish(object_store, EVENT)
    await follow(followers)
    Versions(object_store).withdraw("default", "speech", 1, Withdrawal(withdrawn_at=NOW))
    (item,) = await told(app)
    assert (item["status"], item["trained_on_withdrawn"]) == ("requested", True)
    assert (await report(app, "succeeded"))[1]["trained_on_withdrawn"] is True
    later = publish(object_store, EVENT)
    assert Runs(object_store).begin(Run(place=later, run_id="x", requested_at=NOW))
    Versions(object_store).withdraw("default", "speech", 2, Withdrawal(withdrawn_at=NOW))
    await follow(followers)
    run = followers[0].run(later)
    assert (run.status, run.announced) == (TrainingStatus.CANCELLED, False)
    assert run.error == Reason(
        code="version_withdrawn", detail="A recording in the version was erased before it began."
    )


async def test_another_run_is_asked_for_when_the_last_one_has_ended(
    object_store: ObjectStore, followers: list[Follower], app: FastAPI, broker: Broker
) -> None:
    publish(object_store, EVENT)
    await follow(followers)
    assert (await ask(app, "POST", RUNS, "default")).status_code == 409
    await report(app, "failed", detail="Out of memory.")
    answer = await ask(app, "POST", RUNS, "default")
    assert (answer.status_code, answer.json()["run"], answer.json()["status"]) == (202, 2, "requested")
    await follow(followers)
    first, second = await told(app)
    assert (first["error"], second["status"]) == ({"code": "reported", "detail": "Out of memory."}, "requested")
    assert [(event.run, type(event)) for event in await said(broker)] == [
        (1, TrainingRequested),
        (1, TrainingEnded),
        (2, TrainingRequested),
    ]


async def test_what_is_followed_here_takes_no_report_and_what_the_settings_do_not_allow_any_more_fails(
    object_store: ObjectStore, followers: list[Follower], app: FastAPI
) -> None:
    publish(object_store, CommandTraining(command=("/usr/bin/train",)))
    runs = Runs(object_store)
    runs.begin(running(Run(place=PLACE, run_id="x", requested_at=NOW), NOW))
    assert (await report(app, "succeeded"))[0] == 409
    await follow(followers)
    (item,) = await told(app)
    assert (item["status"], item["error"]["code"]) == ("failed", "training_not_allowed")
    assert "AI2TEXT_TRAINING_COMMANDS" in item["error"]["detail"]


async def test_outputs_lie_where_the_announcement_says(object_store: ObjectStore) -> None:
    assert outputs_prefix(PLACE) == "default/dataset-runs/speech/000001/000001/outputs/"
