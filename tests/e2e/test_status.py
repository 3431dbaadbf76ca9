"""What the pipeline says it is doing."""

from typing import Any

from tests.fixtures.stack import SAMPLES, Stack

SERVICES = {"api-gateway", "ingestion", "asr", "metadata", "training-orchestrator"}


def status(stack: Stack, token: str) -> dict[str, Any]:
    answer = stack.get("/v1/status", token=token)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def transcribe(stack: Stack, token: str) -> None:
    with (SAMPLES / "01-the-weather-is-here.wav").open("rb") as file:
        received = stack.post("/v1/recordings", token=token, files={"file": file}).json()
    job = stack.get(f"/v1/jobs/{received['job_id']}", token=token, wait="60").json()
    assert job["status"] == "completed"


def test_the_status_of_a_tenant_shows_its_own_work_and_nothing_of_the_inside(stack: Stack, tenant: str) -> None:
    token = stack.token("--tenant", tenant, "--scope", "recordings:read", "--scope", "recordings:write")
    before = status(stack, token)
    assert before["rates"]["recordings"] == 0
    assert before["rates"]["real_time_factor"] is None
    transcribe(stack, token)
    after = status(stack, token)
    assert after["recordings"]["transcribed"] == after["jobs"]["completed"] == 1
    idle = {"jobs": 0, "audio_seconds": 0}
    assert after["queue"] == {"lanes": {"interactive": idle, "bulk": idle}}
    assert (after["rates"]["window_seconds"], after["rates"]["recordings"]) == (300, 1)
    assert after["rates"]["audio_seconds"] > 1
    assert after["rates"]["real_time_factor"] > 0
    assert after["failures"] == {"window_seconds": 86_400, "jobs": 0, "rejections": 0, "by_code": {}}
    assert "services" not in after
    assert after["folders"] == []


def test_models_are_named_with_the_device_and_the_number_format(stack: Stack, uploader: str) -> None:
    stack.until(lambda: bool(status(stack, uploader)["models"]))
    (model,) = status(stack, uploader)["models"]
    assert model["workers"] == 1
    assert model["device"] in {"cpu", "cuda"}
    assert model["compute_type"]
    assert model["name"] == stack.environment_of(r"ai2text\.asr")["AI2TEXT_ASR_MODEL"]


def test_an_admin_sees_every_service_and_that_it_is_ready(stack: Stack) -> None:
    def all_ready() -> bool:
        services = status(stack, stack.own_token())["services"]
        named = {service["service"] for service in services}
        return named >= SERVICES and all(all(service["ready"].values()) for service in services)

    stack.until(all_ready)
    whole = status(stack, stack.own_token())
    for service in whole["services"]:
        assert service["version"]
        assert service["ready"]
        assert service["seen_seconds_ago"] < 15
    assert {"lanes", "readers", "unannounced", "unsettled"} == set(whole["queue"])
    assert whole["failures"]["dead_letters"] >= 0
    assert [folder["name"] for folder in whole["folders"]] == ["inbox"]
