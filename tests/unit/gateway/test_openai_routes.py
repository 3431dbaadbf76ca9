"""What the gateway hands in for a request to OpenAI's audio API."""

import json
from typing import Any

import httpx
import pytest

from ai2text.api_gateway.inside import Service, Services
from ai2text.api_gateway.settings import GatewaySettings
from tests.fixtures.gateway import KEY, bearer, before

FORM: dict[str, Any] = {"files": {"file": ("talk.wav", b"RIFF")}, "data": {"model": "whisper-1"}}


class Inside:
    """Services that take note of an upload and refuse it."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.audio = b""

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/quota":
            return httpx.Response(200, json={"quota": None})
        if request.url.path == "/v1/models":
            return httpx.Response(200, json={"items": []})
        self.fields, self.audio = dict(request.url.params), await request.aread()
        return httpx.Response(422, json={"code": "not_audio", "detail": "This is no audio."})


async def answered(inside: Inside, method: str, path: str, content: dict[str, Any], **settings: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.MockTransport(inside)) as client:
        service = Service(client, "http://inside", KEY)
        services = Services(metadata=service, ingestion=service, orchestrator=service)
        async with before(services, GatewaySettings(**settings)) as outside:
            headers = bearer("recordings:read recordings:write")
            return await outside.request(method, path, headers=headers, **content)


async def asked(resource: str, content: dict[str, Any], **settings: Any) -> dict[str, str]:
    inside = Inside()
    answer = await answered(inside, "POST", f"/v1/audio/{resource}", content, **settings)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "not_audio")
    assert inside.audio == b"RIFF"
    return inside.fields


async def test_a_transcription_says_nothing_that_was_not_asked_for() -> None:
    assert await asked("transcriptions", FORM) == {"name": "talk.wav", "lane": "interactive"}


@pytest.mark.lesson("L17")
async def test_l17_a_temperature_of_0_and_a_threshold_of_0_are_handed_in_from_a_form_and_from_json() -> None:
    vad = {"type": "server_vad", "threshold": 0}
    nested = {f"chunking_strategy[{name}]": str(value) for name, value in vad.items()}
    form = {**FORM, "data": {"model": "whisper-1", "temperature": "0", "keywords[]": ["a", "b"], **nested}}
    document = {"file": "UklGRg==", "model": "whisper-1", "temperature": 0, "keywords": ["a", "b"]}
    for content in (form, {"json": {**document, "chunking_strategy": vad}}):
        fields = await asked("transcriptions", content)
        assert float(fields["temperature"]) == 0
        assert json.loads(fields["options"]) == {"vad_filter": True, "vad_threshold": 0, "hotwords": "a, b"}


async def test_a_translation_is_asked_of_the_model_that_translates() -> None:
    settings = {"model": "large-v3-turbo", "translation_model": "large-v3"}
    for said, model in (("whisper-1", "large-v3"), ("large-v3", "large-v3"), ("large-v3-turbo", "large-v3-turbo")):
        fields = await asked("translations", {**FORM, "data": {"model": said}}, **settings)
        assert (fields["task"], fields["model"]) == ("translate", model)
    fields = await asked("translations", FORM, model="small")
    assert fields["model"] == "small"
    listed = await answered(Inside(), "GET", "/v1/models", {}, **settings)
    assert [model["id"] for model in listed.json()["data"]] == ["large-v3-turbo", "whisper-1", "large-v3"]


@pytest.mark.parametrize("content", [{"data": {"model": "whisper-1"}}, {"content": b"RIFF"}, {}])
async def test_without_a_file_nothing_is_handed_in(content: dict[str, Any]) -> None:
    inside = Inside()
    answer = await answered(inside, "POST", "/v1/audio/transcriptions", content)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "file")
    assert inside.fields == {}
