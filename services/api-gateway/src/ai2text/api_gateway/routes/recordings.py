"""Recordings and their transcripts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.common import Page
from ai2text.api_gateway.documents.recordings import ChangedRecording, Erased, Received, Recording
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.openapi import BYTES, body
from ai2text.api_gateway.quotas import Quotas
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.states import Lane, RecordingStatus, Task
from ai2text.common.paging import AfterId, Filter, Limit

FIELDS = ("language", "model", "prompt")
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "tags": {"type": "string", "description": "Separated by commas."},
                        **{name: {"type": "string"} for name in FIELDS},
                        "lane": {"type": "string", "enum": list(Lane)},
                        "task": {"type": "string", "enum": list(Task)},
                        "options": {"type": "string", "description": "JSON: the options of `POST /v1/jobs`."},
                        "temperature": {"type": "number", "minimum": 0, "maximum": 1},
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


def recordings_router(door: Door, metadata: Service, ingestion: Service, quotas: Quotas) -> APIRouter:
    router = APIRouter(prefix="/v1/recordings", tags=["recordings"])
    reader = door.needs(Scope.RECORDINGS_READ)

    eraser = door.needs(Scope.RECORDINGS_ERASE)
    writer, editor = door.needs(Scope.RECORDINGS_WRITE), door.needs(Scope.TRANSCRIPTS_WRITE)

    @router.post(
        "",
        summary="Upload audio: a multipart form with `file`, or the audio as the body",
        status_code=202,
        response_model=Received,
        responses={200: {"model": Received, "description": "These bytes were sent before"}},
        openapi_extra=UPLOAD,
    )
    async def upload(  # noqa: PLR0913, PLR0917 - one argument per field
        request: Request,
        caller: Annotated[Caller, writer],
        name: Annotated[str | None, Query(description="With a raw body: the file's name.")] = None,
        tags: Annotated[
            str | None, Query(description="Separated by commas; so are the next, fields of a form.")
        ] = None,
        language: str | None = None,
        model: str | None = None,
        lane: Lane | None = None,
        prompt: str | None = None,
        temperature: Annotated[float | None, Query(ge=0, le=1)] = None,
        task: Task | None = None,
        options: Annotated[str | None, Query(description="JSON: the options of `POST /v1/jobs`.")] = None,
    ) -> Response:
        await quotas.check(caller)
        return await ingestion.forward(request, caller)

    @router.get("", summary="The tenant's recordings, the newest first", response_model=Page[Recording])
    async def list_recordings(  # noqa: PLR0913, PLR0917 - one argument per query parameter
        request: Request,
        caller: Annotated[Caller, reader],
        limit: Limit = 100,
        after_id: AfterId = None,
        status: RecordingStatus | None = None,
        language: Filter = None,
        tag: Filter = None,
        created_after: datetime | None = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    @router.get("/{recording_id}", summary="One recording", response_model=Recording)
    async def get_recording(request: Request, caller: Annotated[Caller, reader], recording_id: UUID) -> Response:
        return await metadata.forward(request, caller)

    @router.get(
        "/{recording_id}/audio",
        summary="The audio as it was taken in; ranges are answered",
        response_class=Response,
        responses=BYTES,
    )
    async def get_audio(request: Request, caller: Annotated[Caller, reader], recording_id: UUID) -> Response:
        return await metadata.forward(request, caller)

    @router.patch(
        "/{recording_id}",
        summary="Change its tags, or what its review came to",
        response_model=Recording,
        openapi_extra=body(ChangedRecording),
    )
    async def change_recording(request: Request, caller: Annotated[Caller, editor], recording_id: UUID) -> Response:
        return await metadata.forward(request, caller)

    @router.delete(
        "/{recording_id}",
        summary="Erase it: audio, transcripts, corrections, and the versions of datasets that were made from it",
        status_code=202,
        response_model=Erased,
    )
    async def erase_recording(request: Request, caller: Annotated[Caller, eraser], recording_id: UUID) -> Response:
        return await metadata.forward(request, caller)

    return router
