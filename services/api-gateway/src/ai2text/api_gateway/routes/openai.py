"""OpenAI's audio API: an application changes its base URL and its key, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, TypeVar

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.datastructures import FormData, UploadFile

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.event_stream import SILENCE, block, event_stream
from ai2text.api_gateway.openai_errors import OpenAIRefused, error_body
from ai2text.api_gateway.openai_transcription import Form, Granularity, as_json, as_text, as_verbose_json
from ai2text.api_gateway.quotas import Quotas
from ai2text.api_gateway.settings import ALIAS, GatewaySettings
from ai2text.api_gateway.transcribe_upload import TranscribeUpload
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.errors import Unavailable

log = structlog.get_logger()

Choice = TypeVar("Choice", bound=StrEnum)
BLOCK_BYTES = 1 << 20
FLAGS = {"true": True, "1": True, "false": False, "0": False}
FORWARDED = ("language", "prompt", "temperature")


def openai_router(door: Door, use_case: TranscribeUpload, quotas: Quotas, settings: GatewaySettings) -> APIRouter:
    router = APIRouter(tags=["openai"])
    writer = door.needs(Scope.RECORDINGS_WRITE)
    models = (settings.model, ALIAS)

    @router.post("/v1/audio/transcriptions", summary="Transcribe a file and wait for the text")
    async def transcriptions(request: Request, caller: Annotated[Caller, writer]) -> Response:
        await quotas.check(caller)
        async with request.form(max_files=1, max_fields=64) as form:
            upload = _file(form)
            _check_model(_required(form, "model"), models)
            _refuse_what_is_not_done(form)
            shape = _choice(Form, form.get("response_format") or Form.JSON, "response_format")
            granularities = _granularities(form, shape)
            fields = {name: str(form[name]) for name in FORWARDED if form.get(name)}
            named = {**fields, "name": upload.filename or "upload"}
            if _flag(form, "stream"):
                _check_streamed(shape)
                return event_stream(_told(await use_case.transcribe_live(caller, named, _blocks(upload))))
            transcript = await use_case.transcribe_upload(caller, named, _blocks(upload))
        return _answer(transcript, shape, granularities)

    return router


def _answer(transcript: Transcript, shape: Form, granularities: set[Granularity]) -> Response:
    match shape:
        case Form.JSON:
            return JSONResponse(as_json(transcript))
        case Form.VERBOSE_JSON:
            return JSONResponse(as_verbose_json(transcript, granularities))
    return PlainTextResponse(as_text(transcript, shape))


def _check_model(name: str, models: tuple[str, ...]) -> None:
    if name not in models:
        raise OpenAIRefused(
            404, f"There is no model {name!r}: use one of {', '.join(models)}.", code="model_not_found", param="model"
        )


def _file(form: FormData) -> UploadFile:
    upload = form.get("file")
    if not isinstance(upload, UploadFile):
        raise OpenAIRefused(400, "The form has no file.", code="missing_required_parameter", param="file")
    return upload


def _required(form: FormData, name: str) -> str:
    value = form.get(name)
    if not isinstance(value, str) or not value:
        raise OpenAIRefused(400, f"The field {name} is missing.", code="missing_required_parameter", param=name)
    return value


def _flag(form: FormData, name: str) -> bool:
    said = str(form.get(name) or "false").lower()
    if said not in FLAGS:
        raise OpenAIRefused(400, f"{said!r} is neither true nor false.", code="invalid_value", param=name)
    return FLAGS[said]


def _check_streamed(shape: Form) -> None:
    if shape not in {Form.JSON, Form.TEXT}:
        raise OpenAIRefused(
            400, f"{shape} cannot be streamed: use json or text.", code="unsupported_value", param="response_format"
        )


async def _told(live: AsyncIterator[str | Transcript | None]) -> AsyncIterator[bytes]:
    """OpenAI's events; what goes wrong once they have begun is one of them."""
    try:
        async for said in live:
            match said:
                case None:
                    yield SILENCE
                case Transcript():
                    yield block({"type": "transcript.text.done", **as_json(said)})
                case _:
                    yield block({"type": "transcript.text.delta", "delta": said})
    except OpenAIRefused as exc:
        yield block(error_body(exc))
    except Unavailable as exc:
        log.warning("stream_broken_off", error=str(exc))
        yield block(error_body(OpenAIRefused(503, "A server does not answer; ask again.", code="unavailable")))


def _refuse_what_is_not_done(form: FormData) -> None:
    """An option without effect is refused."""
    for name in ("include", "include[]", "known_speaker_names", "known_speaker_names[]"):
        if name in form:
            raise OpenAIRefused(400, f"{name} is not offered.", code="unsupported_value", param=name)


def _granularities(form: FormData, shape: Form) -> set[Granularity]:
    """The official client sends lists as `name[]`."""
    name = "timestamp_granularities"
    asked = [*form.getlist(name), *form.getlist(f"{name}[]")]
    if asked and shape is not Form.VERBOSE_JSON:
        raise OpenAIRefused(400, f"{name} needs response_format=verbose_json.", code="invalid_value", param=name)
    return {_choice(Granularity, value, name) for value in asked} or {Granularity.SEGMENT}


def _choice(choices: type[Choice], value: object, param: str) -> Choice:
    try:
        return choices(str(value))
    except ValueError as exc:
        allowed = ", ".join(choices)
        raise OpenAIRefused(
            400, f"{value!r} is not offered: use one of {allowed}.", code="invalid_value", param=param
        ) from exc


async def _blocks(upload: UploadFile) -> AsyncIterator[bytes]:
    await upload.seek(0)
    while block := await asyncio.to_thread(upload.file.read, BLOCK_BYTES):
        yield block
