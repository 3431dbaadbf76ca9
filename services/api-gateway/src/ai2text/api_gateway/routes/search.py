"""Full text over the transcripts."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.common import Page
from ai2text.api_gateway.documents.recordings import SearchHit
from ai2text.api_gateway.inside import Service
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.paging import Limit


def search_router(door: Door, metadata: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/search", tags=["search"])
    reader = door.needs(Scope.RECORDINGS_READ)

    @router.get(
        "", summary="Segments of the tenant's current transcripts, the best first", response_model=Page[SearchHit]
    )
    async def search(
        request: Request,
        caller: Annotated[Caller, reader],
        q: Annotated[str, Query(description='Words, "a phrase", this or that, -without.')] = "",
        limit: Limit = 100,
    ) -> Response:
        return await metadata.forward(request, caller)

    return router
