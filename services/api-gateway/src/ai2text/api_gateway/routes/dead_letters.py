"""Messages that were given up, of all tenants."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.administration import DeadLetter, Replayed, WholeDeadLetter
from ai2text.api_gateway.documents.common import Page
from ai2text.api_gateway.inside import Service
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.paging import AfterId, Limit


def dead_letters_router(door: Door, metadata: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/dead-letters", tags=["dead letters"])
    admin = door.needs(Scope.ADMIN)

    @router.get("", summary="What was given up and why, the newest first", response_model=Page[DeadLetter])
    async def list_dead_letters(
        request: Request,
        caller: Annotated[Caller, admin],
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    @router.get("/{dead_letter_id}", summary="One, with its message and the traceback", response_model=WholeDeadLetter)
    async def get_dead_letter(request: Request, caller: Annotated[Caller, admin], dead_letter_id: UUID) -> Response:
        return await metadata.forward(request, caller)

    @router.post(
        "/{dead_letter_id}/replay",
        summary="Try it again: a request as a new job",
        status_code=202,
        response_model=Replayed,
        responses={200: {"model": Replayed, "description": "It was before"}},
    )
    async def replay(request: Request, caller: Annotated[Caller, admin], dead_letter_id: UUID) -> Response:
        return await metadata.forward(request, caller)

    return router
