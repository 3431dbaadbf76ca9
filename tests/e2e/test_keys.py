"""Programs come with an API key instead of a token; what they change, and what they are refused, is written down."""

import json
from typing import Any
from uuid import uuid4

import openai
import pytest

from tests.fixtures.stack import SAMPLES, Stack

REVOKED_WITHIN_SECONDS = 40
"""The gateway remembers a key for half a minute."""


def issue(stack: Stack, tenant: str, *scopes: str) -> dict[str, Any]:
    asked = {"name": "nightly", "scopes": list(scopes)}
    answer = stack.post("/v1/keys", token=stack.token("--tenant", tenant), json=asked)
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    return key


def test_an_openai_client_works_with_a_key_of_its_tenant(stack: Stack, tenant: str) -> None:
    key = issue(stack, tenant, "recordings:read", "recordings:write")["key"]
    client = openai.OpenAI(api_key=key, base_url=f"{stack.url}/v1", max_retries=0)
    with (SAMPLES / "01-the-weather-is-here.wav").open("rb") as file:
        heard = client.audio.transcriptions.create(model="whisper-1", file=file)
    assert heard.text
    (recording,) = stack.get("/v1/recordings", token=key).json()["items"]
    assert recording["status"] == "transcribed"
    assert stack.get("/v1/datasets", token=key).status_code == 403


def test_a_key_shows_and_opens_nothing_of_another_tenant(stack: Stack, tenant: str, uploader: str) -> None:
    with (SAMPLES / "01-the-weather-is-here.wav").open("rb") as file:
        received = stack.post("/v1/recordings", token=uploader, files={"file": file}).json()
    key = issue(stack, f"{tenant[:20]}-other", "recordings:read", "admin")
    assert stack.get("/v1/recordings", token=key["key"]).json()["items"] == []
    assert stack.get(f"/v1/recordings/{received['recording_id']}", token=key["key"]).status_code == 404
    assert stack.delete(f"/v1/keys/{key['key_id']}", token=stack.token("--tenant", tenant)).status_code == 404
    assert [shown["key_id"] for shown in stack.get("/v1/keys", token=key["key"]).json()["items"]] == [key["key_id"]]


@pytest.mark.slow
def test_a_revoked_key_opens_nothing_within_half_a_minute_and_its_secret_stands_in_no_log(
    stack: Stack, tenant: str
) -> None:
    key = issue(stack, tenant, "recordings:read")
    assert stack.get("/v1/recordings", token=key["key"]).status_code == 200
    stack.get("/v1/recordings", token=f"{key['key'][:-1]}x")
    assert stack.delete(f"/v1/keys/{key['key_id']}", token=stack.token("--tenant", tenant)).status_code == 204
    stack.until(lambda: stack.get("/v1/recordings", token=key["key"]).status_code == 401, REVOKED_WITHIN_SECONDS)
    secret = key["key"][len(f"a2t_{key['key_id']}_") :][:-1]
    logs = [path for path in (stack.data / "logs").iterdir() if path.is_file()]
    assert any(b"key_issued" in path.read_bytes() for path in logs)
    assert [path.name for path in (*logs, stack.output) if secret.encode() in path.read_bytes()] == []


def test_what_is_changed_and_what_is_refused_is_written_down_with_who_asked(stack: Stack, tenant: str) -> None:
    key = issue(stack, tenant, "recordings:read")
    changed, refused, strange, read = (f"{word}-{uuid4()}" for word in ("changed", "refused", "strange", "read"))
    own = {"X-Request-Id": changed}
    stack.delete(f"/v1/keys/{issue(stack, tenant, 'admin')['key_id']}", token=stack.token("--tenant", tenant))
    stack.post("/v1/datasets", token=stack.token("--tenant", tenant), json={"name": "x"}, headers=own)
    stack.post("/v1/recordings", token=key["key"], content=b"", headers={"X-Request-Id": refused})
    stack.post("/v1/recordings", token="a2t_wrong", content=b"", headers={"X-Request-Id": strange})
    ids = (changed, refused, strange, read)

    def found() -> dict[str, dict[str, Any]]:
        rows = stack.query("SELECT * FROM audit WHERE request_id = ANY(%s::text[])", json.dumps(ids).translate(BRACES))
        return {row["request_id"]: row for row in rows}

    stack.until(lambda: len(found()) == 3)
    rows = found()
    assert (rows[changed]["action"], rows[changed]["status"]) == ("POST /v1/datasets", 202)
    assert (rows[changed]["tenant"], rows[changed]["subject"]) == (tenant, "cli")
    assert (rows[refused]["subject"], rows[refused]["status"]) == (f"key:{key['key_id']}", 403)
    assert (rows[strange]["tenant"], rows[strange]["status"], rows[strange]["client"]) == (None, 401, "127.0.0.1")


BRACES = str.maketrans("[]", "{}")
"""A list as JSON has it, as PostgreSQL's arrays are written."""
