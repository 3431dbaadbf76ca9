"""What people should look at first."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.review import ReviewPage
from ai2text.api_gateway.inside import Service
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.paging import AfterId, Filter, Limit


def review_router(door: Door, metadata: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/review", tags=["review"])
    reader = door.needs(Scope.RECORDINGS_READ)

    @router.get(
        "/queue",
        summary="Transcribed recordings that nobody has reviewed, the greatest expected gain first",
        response_model=ReviewPage,
    )
    async def queue(
        request: Request,
        caller: Annotated[Caller, reader],
        limit: Limit = 100,
        after_id: AfterId = None,
        language: Filter = None,
        tag: Filter = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    return router
