"""API keys: what programs come with instead of a token."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.administration import IssuedKey, Key, NewKey
from ai2text.api_gateway.documents.common import Page
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.openapi import body
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.paging import AfterId, Limit


def keys_router(door: Door, metadata: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/keys", tags=["keys"])
    admin = door.needs(Scope.ADMIN)

    @router.post(
        "",
        summary="A new key of the tenant, shown this once; with no scopes that you lack",
        status_code=201,
        response_model=IssuedKey,
        openapi_extra=body(NewKey),
    )
    async def issue(request: Request, caller: Annotated[Caller, admin]) -> Response:
        return await metadata.forward(request, caller)

    @router.get("", summary="The tenant's keys, without their secrets, the newest first", response_model=Page[Key])
    async def list_keys(
        request: Request,
        caller: Annotated[Caller, admin],
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    @router.delete("/{key_id}", summary="It opens nothing any more, within half a minute", status_code=204)
    async def revoke(request: Request, caller: Annotated[Caller, admin], key_id: str) -> Response:
        return await metadata.forward(request, caller)

    return router
