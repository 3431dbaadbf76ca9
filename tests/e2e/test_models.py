"""Models loaded and unloaded through the gateway, while jobs go on."""

import openai
import pytest

from tests.fixtures.stack import SAMPLES, Stack

NAME = "01-the-weather-is-here.wav"
TEXT = "The weather is here I wish you were beautiful."


def states(stack: Stack, token: str) -> dict[str, str]:
    return {model["id"]: model["state"] for model in stack.get("/v1/models", token=token).json()["data"]}


@pytest.mark.slow
def test_a_model_is_unloaded_and_comes_back_with_the_next_job(stack: Stack, uploader: str) -> None:
    stack.until(lambda: states(stack, uploader).get("ear") == "ready")
    gone = stack.delete("/v1/models/ear", token=uploader)
    assert (gone.status_code, gone.json()["deleted"], gone.json()["workers"]) == (200, True, 1)
    stack.until(lambda: states(stack, uploader)["ear"] == "absent")
    again = stack.delete("/v1/models/ear", token=uploader)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "model_not_found")
    with openai.OpenAI(api_key=uploader, base_url=f"{stack.url}/v1", max_retries=0) as client:
        assert client.audio.transcriptions.create(file=SAMPLES / NAME, model="whisper-1").text == TEXT
    stack.until(lambda: states(stack, uploader)["ear"] == "ready")


def test_a_model_is_loaded_ahead_under_its_name_or_the_alias(stack: Stack, uploader: str) -> None:
    stack.delete("/v1/models", token=uploader)
    loaded = stack.post("/v1/models/whisper-1", token=uploader)
    assert loaded.status_code in {200, 202}
    assert loaded.json()["id"] == "whisper-1"
    stack.until(lambda: states(stack, uploader)["ear"] == "ready")
    told = stack.get("/v1/models/ear", token=uploader).json()
    assert (told["workers"], len(told["revision"]), told["object"]) == (1, 40, "model")


@pytest.mark.parametrize("name", ["no-such-size", "demo/nothing"])
def test_a_model_that_is_not_to_be_had_is_a_404_in_openais_form(stack: Stack, uploader: str, name: str) -> None:
    refused = stack.post(f"/v1/models/{name}", token=uploader)
    assert refused.status_code == 404
    error = refused.json()["error"]
    assert (error["code"], error["param"], error["type"]) == ("model_not_found", "model", "not_found_error")


def test_only_the_scope_for_models_changes_them(stack: Stack, tenant: str) -> None:
    reader = stack.token("--tenant", tenant, "--scope", "recordings:read", "--scope", "recordings:write")
    assert stack.post("/v1/models/ear", token=reader).status_code == 403
    assert stack.delete("/v1/models", token=reader).status_code == 403
    assert "ear" in states(stack, reader)


def test_why_a_model_failed_is_told_only_to_those_who_may_change_models(
    stack: Stack, uploader: str, tenant: str
) -> None:
    reader = stack.token("--tenant", tenant, "--scope", "recordings:read")
    stack.post("/v1/models/demo/nothing", token=uploader)
    stack.until(lambda: states(stack, uploader).get("demo/nothing") == "failed")
    assert "demo/nothing" not in states(stack, reader)
