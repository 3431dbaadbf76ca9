"""The training-orchestrator dies at each step of a run: there is one Job, one end, and both are announced."""

import asyncio
import json
from pathlib import Path

import pytest

from ai2text.common import subjects
from ai2text.common.contracts.states import TrainingStatus
from ai2text.common.contracts.training import KubernetesTraining
from ai2text.common.jetstream import connect
from ai2text.training_orchestrator.runs import Runs
from tests.fixtures.inside import KEY
from tests.fixtures.kubernetes_api import NAMESPACE, TOKEN, cluster
from tests.fixtures.service_process import Servers, ServiceProcess
from tests.fixtures.training import PLACE, publish

BEFORE_THE_END = ["run_beginning", "run_begun", "run_announced", "job_creating", "job_created"]
AT_THE_END = ["run_ended", "run_end_announced"]


@pytest.mark.slow
@pytest.mark.lesson("L24")
def test_killed_at_every_step_of_a_run_it_makes_one_job_and_tells_of_one_end(servers: Servers, tmp_path: Path) -> None:
    marks, token = tmp_path / "marks", tmp_path / "token"
    token.write_text(TOKEN)
    for folder in (marks, tmp_path / "inbox"):
        folder.mkdir()
    with cluster() as api:
        env = {
            "AI2TEXT_CALLER_KEY": KEY,
            "AI2TEXT_FOLDER_PATH": str(tmp_path / "inbox"),
            "AI2TEXT_ORCHESTRATOR_PORT": "0",
            "AI2TEXT_LOG_KILL_AT": f"{','.join([*BEFORE_THE_END, *AT_THE_END])}@{marks}",
            "AI2TEXT_TRAINING_POLL_SECONDS": "0.2",
            "AI2TEXT_TRAINING_IMAGES": json.dumps(["nemo:*"]),
            "AI2TEXT_TRAINING_KUBERNETES_URL": api.url,
            "AI2TEXT_TRAINING_KUBERNETES_NAMESPACE": NAMESPACE,
            "AI2TEXT_TRAINING_KUBERNETES_TOKEN_FILE": str(token),
        }
        with ServiceProcess("training_orchestrator", tmp_path, servers, env) as service:
            runs = Runs(service.store)
            publish(service.store, KubernetesTraining(image="nemo:1"))
            service.until(lambda: _handed_over(runs), revive=True)
            assert sorted(path.name for path in marks.iterdir()) == sorted(BEFORE_THE_END)
            api.complete()
            service.until(lambda: not list(runs.marked()), revive=True)
            assert sorted(path.name for path in marks.iterdir()) == sorted([*BEFORE_THE_END, *AT_THE_END])
            service.until(lambda: service.readyz() == 200, revive=True)
            found = runs.find(PLACE)
            assert found is not None
            assert (found[0].status, len(api.made)) == (TrainingStatus.SUCCEEDED, 1)
            assert asyncio.run(_said(servers)) == {subjects.TRAINING_REQUESTED: 1, subjects.TRAINING_ENDED: 1}


def _handed_over(runs: Runs) -> bool:
    found = runs.find(PLACE)
    return found is not None and found[0].handed_to is not None


async def _said(servers: Servers) -> dict[str, int]:
    """Said twice within two minutes is said once."""
    async with connect(servers.nats, "test") as broker:
        state = (await broker.jetstream.stream_info(subjects.EVENTS, subjects_filter="training.>")).state
        return state.subjects or {}
