"""A version is trained on by a program of the laptop's own, over REST and nothing else."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.fixtures.stack import Stack, running

TRAINS = """
import json, os, pathlib
rows = (pathlib.Path(os.environ["AI2TEXT_DATASET_DIR"]) / "rows.jsonl").read_text().splitlines()
(pathlib.Path(os.environ["AI2TEXT_OUTPUTS"]) / "model.json").write_text(json.dumps({"rows": len(rows)}))
"""
SLEEPS = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)  # {mark}'])"


def build(stack: Stack, script: str) -> str:
    """Where the runs of the version are."""
    training = {"kind": "command", "command": [sys.executable, "-c", script]}
    asked = stack.post(
        "/v1/datasets", json={"name": "speech", "allow_empty_splits": True, "training": training}
    ).raise_for_status()
    return f"/v1/datasets/speech/versions/{asked.json()['version']}/runs"


def run_of(stack: Stack, runs: str) -> dict[str, Any]:
    """Its status is None while there is none, or nobody to ask."""
    answer = stack.get(runs)
    items: list[dict[str, Any]] = answer.json()["items"] if answer.is_success else []
    return items[-1] if items else {"status": None}


def alive(mark: str) -> int:
    return sum(mark in " ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"]))


@pytest.mark.slow
@pytest.mark.lesson("L24")
def test_a_program_trains_on_a_version_and_leaves_no_process_when_its_orchestrator_is_killed(tmp_path: Path) -> None:
    env = {"AI2TEXT_TRAINING_COMMANDS": json.dumps([sys.executable]), "AI2TEXT_TRAINING_POLL_SECONDS": "0.5"}
    with running(tmp_path, env) as stack:
        refused = {"name": "speech", "training": {"kind": "command", "command": [os.devnull]}}
        answer = stack.post("/v1/datasets", json=refused)
        assert (answer.status_code, answer.json()["code"]) == (422, "training_not_allowed")

        runs = build(stack, TRAINS)
        stack.until(lambda: run_of(stack, runs)["status"] == "succeeded")
        outputs = {one["path"]: one["bytes"] for one in run_of(stack, runs)["outputs"]}
        assert outputs == {"model.json": len('{"rows": 0}'), "training.log": 0}
        told = stack.get("/v1/events", wait="0.1", type="training.ended", limit="10").json()
        assert told["items"] == [], "without a cursor it begins now"

        mark = str(tmp_path / "mark")
        runs = build(stack, SLEEPS.format(mark=mark))
        stack.until(lambda: run_of(stack, runs)["status"] == "running" and alive(mark) == 2)
        stack.kill(r"ai2text\.training_orchestrator")
        stack.until(lambda: alive(mark) == 0)
        stack.until(lambda: run_of(stack, runs)["status"] == "failed", 150)
        assert run_of(stack, runs)["error"]["code"] == "interrupted"
        assert list((stack.data / "training").iterdir()) == []

        again = stack.post(runs)
        assert (again.status_code, again.json()["run"]) == (202, 2)
        stack.until(lambda: run_of(stack, runs)["status"] == "running" and alive(mark) == 2)
    assert alive(mark) == 0
