"""Large uploads in parts, which a client goes on with after a broken connection."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.recordings import Begun, EndOfUpload, NewUpload, Part, Received, Upload
from ai2text.api_gateway.inside import LONGEST_WORK_SECONDS, Service
from ai2text.api_gateway.openapi import body, refusals
from ai2text.api_gateway.quotas import Quotas
from ai2text.common.contracts.inside import Caller, Scope

PARTS_MOST = 10_000
PART = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def uploads_router(door: Door, ingestion: Service, quotas: Quotas) -> APIRouter:
    router = APIRouter(prefix="/v1/uploads", tags=["uploads"])
    writer = door.needs(Scope.RECORDINGS_WRITE)

    @router.post(
        "",
        summary="Begin an upload: JSON with what is known of the recording",
        status_code=201,
        response_model=Begun,
        openapi_extra=body(NewUpload),
    )
    async def begin(request: Request, caller: Annotated[Caller, writer]) -> Response:
        await quotas.check(caller)
        return await ingestion.forward(request, caller)

    @router.get("/{upload_id}", summary="What has arrived of an upload", response_model=Upload)
    async def look(request: Request, caller: Annotated[Caller, writer], upload_id: UUID) -> Response:
        return await ingestion.forward(request, caller)

    @router.put(
        "/{upload_id}/parts/{number}",
        summary="One part, as the body; sent again it replaces the earlier one",
        response_model=Part,
        openapi_extra=PART,
    )
    async def receive(
        request: Request,
        caller: Annotated[Caller, writer],
        upload_id: UUID,
        number: Annotated[int, Path(ge=1, le=PARTS_MOST)],
    ) -> Response:
        return await ingestion.forward(request, caller)

    @router.post(
        "/{upload_id}/complete",
        summary="Make a recording of the parts; may be repeated",
        status_code=202,
        response_model=Received,
        responses={200: {"model": Received, "description": "These bytes were sent before"}, **refusals(409)},
        openapi_extra=body(EndOfUpload, required=False),
    )
    async def complete(request: Request, caller: Annotated[Caller, writer], upload_id: UUID) -> Response:
        await quotas.check(caller)
        return await ingestion.forward(request, caller, work_seconds=LONGEST_WORK_SECONDS)

    @router.delete("/{upload_id}", summary="Give an upload up", status_code=204)
    async def discard(request: Request, caller: Annotated[Caller, writer], upload_id: UUID) -> Response:
        return await ingestion.forward(request, caller)

    return router
