"""How long the tenant keeps its recordings."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.administration import Retention
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.openapi import body
from ai2text.common.contracts.inside import Caller, Scope


def retention_router(door: Door, metadata: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/retention", tags=["recordings"])
    admin = door.needs(Scope.ADMIN)

    @router.get("", summary="For how many days recordings are kept", response_model=Retention)
    async def get_retention(request: Request, caller: Annotated[Caller, admin]) -> Response:
        return await metadata.forward(request, caller)

    @router.put(
        "",
        summary="Erase what is older, from now on",
        response_model=Retention,
        openapi_extra=body(Retention),
    )
    async def set_retention(request: Request, caller: Annotated[Caller, admin]) -> Response:
        return await metadata.forward(request, caller)

    return router
