"""OpenAI's audio API: an application changes its base URL and its key, and nothing else."""

from collections.abc import AsyncIterator
from typing import Annotated

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.openai import (
    FORMS,
    DiarizedTranscription,
    Transcription,
    TranscriptionAsk,
    TranslationAsk,
    VerboseTranscription,
)
from ai2text.api_gateway.event_stream import EVENT_STREAM, SILENCE, block, event_stream
from ai2text.api_gateway.openai_ask import Ask, transcription_asked, translation_asked
from ai2text.api_gateway.openai_errors import OpenAIRefused, error_body
from ai2text.api_gateway.openai_request import sent
from ai2text.api_gateway.openai_transcription import Form, as_diarized_json, as_json, as_text, as_verbose_json
from ai2text.api_gateway.openapi import body, refusals
from ai2text.api_gateway.quotas import Quotas
from ai2text.api_gateway.settings import ALIAS, GatewaySettings
from ai2text.api_gateway.transcribe_upload import TranscribeUpload
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.errors import Unavailable

log = structlog.get_logger()

PLAIN = {"text/plain": {"schema": {"type": "string"}}}
UNHAPPY_ENDS = refusals(404, 409, 500, 504)


def openai_router(door: Door, use_case: TranscribeUpload, quotas: Quotas, settings: GatewaySettings) -> APIRouter:
    router = APIRouter(prefix="/v1/audio", tags=["openai"])
    writer = door.needs(Scope.RECORDINGS_WRITE)
    translator = settings.translation_model or settings.model

    @router.post(
        "/transcriptions",
        summary="Transcribe a file and wait for the text",
        response_model=Transcription | VerboseTranscription | DiarizedTranscription,
        responses={200: {"content": {**PLAIN, **EVENT_STREAM}}, **UNHAPPY_ENDS},
        openapi_extra=body(TranscriptionAsk, *FORMS),
    )
    async def transcriptions(request: Request, caller: Annotated[Caller, writer]) -> Response:
        await quotas.check(caller)
        async with sent(request) as received:
            ask = transcription_asked(received.fields, (settings.model, ALIAS))
            fields = {**ask.upload, "name": received.name}
            if ask.stream:
                return event_stream(_told(await use_case.transcribe_live(caller, fields, received.blocks())))
            channels = 2 if ask.shape is Form.DIARIZED_JSON else 1
            transcript = await use_case.transcribe_upload(caller, fields, received.blocks(), channels)
        return _answer(transcript, ask)

    @router.post(
        "/translations",
        summary="Translate what is said in a file into English and wait for the text",
        response_model=Transcription | VerboseTranscription,
        responses={200: {"content": PLAIN}, **UNHAPPY_ENDS},
        openapi_extra=body(TranslationAsk, *FORMS),
    )
    async def translations(request: Request, caller: Annotated[Caller, writer]) -> Response:
        await quotas.check(caller)
        async with sent(request) as received:
            ask = translation_asked(received.fields, dict.fromkeys((settings.model, ALIAS, translator)))
            model = translator if ask.model == ALIAS else ask.model
            fields = {**ask.upload, "model": model, "name": received.name}
            transcript = await use_case.transcribe_upload(caller, fields, received.blocks())
        return _answer(transcript, ask)

    return router


def _answer(transcript: Transcript, ask: Ask) -> Response:
    match ask.shape:
        case Form.JSON:
            return JSONResponse(as_json(transcript))
        case Form.VERBOSE_JSON:
            return JSONResponse(as_verbose_json(transcript, ask.granularities))
        case Form.DIARIZED_JSON:
            return JSONResponse(as_diarized_json(transcript))
    return PlainTextResponse(as_text(transcript, ask.shape))


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
