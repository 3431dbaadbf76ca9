"""Full text over the transcripts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.recordings import Found
from ai2text.api_gateway.inside import Service
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.paging import Limit


def search_router(door: Door, metadata: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/search", tags=["search"])
    reader = door.needs(Scope.RECORDINGS_READ)

    @router.get("", summary="Segments of the tenant's current transcripts, the best first", response_model=Found)
    async def search(  # noqa: PLR0913, PLR0917 - one argument per query parameter
        request: Request,
        caller: Annotated[Caller, reader],
        q: Annotated[
            str, Query(max_length=500, description='Words, "a phrase", beginn*, this or that, -without.')
        ] = "",
        limit: Limit = 100,
        language: str | None = None,
        tag: str | None = None,
        created_after: datetime | None = None,
        recording_id: UUID | None = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    return router
