"""Jobs that are asked for over REST."""

from typing import Any

import pytest

from tests.e2e.test_commands import ai2text, objects
from tests.fixtures.stack import SAMPLES, Stack


def uploaded(stack: Stack, token: str, name: str = "01-the-weather-is-here.wav") -> dict[str, Any]:
    with (SAMPLES / name).open("rb") as file:
        received: dict[str, Any] = stack.post("/v1/recordings", token=token, files={"file": file}).json()
    return received


def ended(stack: Stack, token: str, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = stack.get(f"/v1/jobs/{job_id}", token=token, wait="60").json()
    return job


def test_the_same_ask_is_the_uploads_own_job_and_a_rerun_is_a_new_revision(stack: Stack, uploader: str) -> None:
    received = uploaded(stack, uploader)
    ask = {"recording_id": received["recording_id"]}
    same = stack.post("/v1/jobs", token=uploader, json=ask)
    assert (same.status_code, same.json()["job_id"]) == (200, received["job_id"])
    first = ended(stack, uploader, received["job_id"])
    assert [attempt["number"] for attempt in first["attempt_history"]] == [1]

    rerun = stack.post("/v1/jobs", token=uploader, json={**ask, "rerun": True, "lane": "interactive"})
    assert (rerun.status_code, rerun.json()["replaces"]) == (202, received["job_id"])
    job = ended(stack, uploader, rerun.json()["job_id"])
    assert (job["status"], job["generation"]) == ("completed", 1)
    transcript = stack.get(f"/v1/recordings/{received['recording_id']}/transcript", token=uploader).json()
    assert transcript["revision"] == 2


def test_options_of_a_job_reach_the_worker(stack: Stack, uploader: str) -> None:
    received = uploaded(stack, uploader)
    ask = {"recording_id": received["recording_id"], "options": {"word_timestamps": False}, "lane": "interactive"}
    answer = stack.post("/v1/jobs", token=uploader, json=ask)
    assert answer.status_code == 202
    assert ended(stack, uploader, answer.json()["job_id"])["status"] == "completed"
    ended(stack, uploader, received["job_id"])
    rows = stack.query("SELECT options FROM jobs WHERE job_id = %s", answer.json()["job_id"])
    assert rows[0]["options"]["word_timestamps"] is False


@pytest.mark.lesson("L28")
def test_l28_a_job_that_cannot_be_done_fails_with_a_reason_and_its_attempt(stack: Stack, uploader: str) -> None:
    received = uploaded(stack, uploader)
    ask = {"recording_id": received["recording_id"], "model": "no-such-model"}
    answer = stack.post("/v1/jobs", token=uploader, json=ask)
    job = ended(stack, uploader, answer.json()["job_id"])
    assert (job["status"], job["error"]["code"]) == ("failed", "unknown_model")
    assert "no-such-model" in job["error"]["detail"]
    assert "Traceback" not in str(job)
    (attempt,) = job["attempt_history"]
    assert (attempt["number"], attempt["error"]) == (1, job["error"])
    assert attempt["started_at"] <= attempt["ended_at"]


def test_asking_and_cancelling_want_the_right_to_write(stack: Stack, tenant: str, uploader: str) -> None:
    received = uploaded(stack, uploader)
    reader = stack.token("--tenant", tenant, "--scope", "recordings:read")
    stranger = stack.token("--tenant", f"{tenant}-2")
    ask = {"recording_id": received["recording_id"]}
    assert stack.post("/v1/jobs", token=reader, json=ask).status_code == 403
    assert stack.delete(f"/v1/jobs/{received['job_id']}", token=reader).status_code == 403
    assert stack.post("/v1/jobs", token=stranger, json=ask).status_code == 404
    assert stack.delete(f"/v1/jobs/{received['job_id']}", token=stranger).status_code == 404
    assert ended(stack, uploader, received["job_id"])["status"] == "completed"
    assert stack.delete(f"/v1/jobs/{received['job_id']}", token=uploader).status_code == 409


def test_the_commands_cancel_and_rerun_say_what_became_of_the_job(stack: Stack, uploader: str) -> None:
    received = uploaded(stack, uploader)
    assert ended(stack, uploader, received["job_id"])["status"] == "completed"
    refused = ai2text(stack, "jobs", "cancel", received["job_id"], token=uploader)
    assert refused.returncode == 1
    assert "completed already" in refused.stderr
    rerun = objects(stack, "jobs", "rerun", received["recording_id"], token=uploader)
    assert rerun["replaces"] == received["job_id"]
    assert ended(stack, uploader, rerun["job_id"])["status"] == "completed"
    assert len(objects(stack, "jobs", token=uploader)) == 2
