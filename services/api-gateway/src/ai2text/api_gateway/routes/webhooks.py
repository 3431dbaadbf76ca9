"""Webhooks: who is told when something has happened, and what became of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.administration import Delivery, IssuedWebhook, NewWebhook, Webhook
from ai2text.api_gateway.documents.common import Page
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.openapi import body
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.paging import AfterId, Limit


def webhooks_router(door: Door, metadata: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
    admin = door.needs(Scope.ADMIN)

    @router.post(
        "",
        summary="Subscribe a url to kinds of events; its secret is shown this once",
        status_code=201,
        response_model=IssuedWebhook,
        openapi_extra=body(NewWebhook),
    )
    async def subscribe(request: Request, caller: Annotated[Caller, admin]) -> Response:
        return await metadata.forward(request, caller)

    @router.get(
        "", summary="The tenant's webhooks, without their secrets, the newest first", response_model=Page[Webhook]
    )
    async def list_webhooks(
        request: Request,
        caller: Annotated[Caller, admin],
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    @router.get("/{webhook_id}", summary="One webhook: active, failing or paused", response_model=Webhook)
    async def get_webhook(request: Request, caller: Annotated[Caller, admin], webhook_id: UUID) -> Response:
        return await metadata.forward(request, caller)

    @router.delete("/{webhook_id}", summary="It is told nothing any more", status_code=204)
    async def unsubscribe(request: Request, caller: Annotated[Caller, admin], webhook_id: UUID) -> Response:
        return await metadata.forward(request, caller)

    @router.get(
        "/{webhook_id}/deliveries",
        summary="What it was told, is to be told, and could not be told",
        response_model=Page[Delivery],
    )
    async def list_deliveries(
        request: Request,
        caller: Annotated[Caller, admin],
        webhook_id: UUID,
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    return router
