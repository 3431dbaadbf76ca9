"""Transcripts: read in any revision, changed segment by segment or all over."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.common import Page
from ai2text.api_gateway.documents.transcripts import (
    ChangedSegment,
    ChangedSegments,
    Edit,
    Replaced,
    Replacement,
    Reversion,
    Reverted,
    Revision,
    Split,
    Transcript,
)
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.openapi import body, refusals
from ai2text.common.contracts.inside import Caller, Scope

CAPTIONS = {
    media_type: {"schema": {"type": "string"}}
    for media_type in ("text/plain", "application/x-subrip", "text/vtt", "text/tab-separated-values")
}
UNSEEN = refusals(412, 428)
IfMatch = Annotated[str | None, Header(description="The `etag` of what is changed, as it was seen.")]


def transcripts_router(door: Door, metadata: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/recordings/{recording_id}/transcript", tags=["transcripts"])
    reader = door.needs(Scope.RECORDINGS_READ)

    @router.get(
        "",
        summary="The current transcript, or any revision",
        response_model=Transcript,
        responses={200: {"content": CAPTIONS}},
    )
    async def get_transcript(
        request: Request,
        caller: Annotated[Caller, reader],
        recording_id: UUID,
        form: Annotated[Literal["json", "txt", "srt", "vtt", "tsv"], Query(alias="format")] = "json",
        revision: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
        begin: Annotated[float | None, Query(alias="from", description="Seconds; only what is after.")] = None,
        end: Annotated[float | None, Query(alias="to", description="Seconds; only what is before.")] = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    @router.get("/revisions", summary="All its revisions, the oldest first", response_model=Page[Revision])
    async def list_revisions(request: Request, caller: Annotated[Caller, reader], recording_id: UUID) -> Response:
        return await metadata.forward(request, caller)

    _add_changes(router, door, metadata)
    return router


def _add_changes(router: APIRouter, door: Door, metadata: Service) -> None:
    """Each wants to know what its author has seen."""
    editor = door.needs(Scope.TRANSCRIPTS_WRITE)

    @router.patch(
        "/segments/{segment_id}",
        summary="Change the text, speaker or times of one; words that stay keep their times",
        response_model=ChangedSegment,
        responses=UNSEEN,
        openapi_extra=body(Edit),
    )
    async def edit(
        request: Request,
        caller: Annotated[Caller, editor],
        recording_id: UUID,
        segment_id: UUID,
        if_match: IfMatch = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    @router.post(
        "/segments/{segment_id}/split",
        summary="Make two of one; the second has an id of its own",
        response_model=ChangedSegments,
        responses=UNSEEN,
        openapi_extra=body(Split),
    )
    async def split(
        request: Request,
        caller: Annotated[Caller, editor],
        recording_id: UUID,
        segment_id: UUID,
        if_match: IfMatch = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    @router.post(
        "/segments/{segment_id}/merge",
        summary="Make one of it and the next; the first one's id stays",
        response_model=ChangedSegments,
        responses={**UNSEEN, **refusals(409)},
    )
    async def merge(
        request: Request,
        caller: Annotated[Caller, editor],
        recording_id: UUID,
        segment_id: UUID,
        if_match: IfMatch = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    @router.post(
        "/replace",
        summary="Find and replace in the whole transcript, as one revision; with `dry_run` only find",
        response_model=Replaced,
        responses=UNSEEN,
        openapi_extra=body(Replacement),
    )
    async def replace(
        request: Request, caller: Annotated[Caller, editor], recording_id: UUID, if_match: IfMatch = None
    ) -> Response:
        return await metadata.forward(request, caller)

    @router.post(
        "/revert",
        summary="Go back to an earlier revision, which makes a new one",
        response_model=Reverted,
        openapi_extra=body(Reversion),
    )
    async def revert(request: Request, caller: Annotated[Caller, editor], recording_id: UUID) -> Response:
        return await metadata.forward(request, caller)
