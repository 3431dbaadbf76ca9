"""Webhooks: subscribed by admins of their tenant, and what became of each delivery."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from pydantic import ConfigDict, Field

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller
from ai2text.common.occurrences import Kind
from ai2text.common.paging import AfterId, Limit
from ai2text.metadata import webhooks
from ai2text.metadata.page import Window
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.postgres.webhooks import delete_webhook
from ai2text.metadata.routes.admission import only_admins
from ai2text.metadata.subscribe_webhook import SubscribeWebhook

MISSING = "There is no such webhook."


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWebhook:
    __pydantic_config__ = ConfigDict(extra="forbid")

    url: str
    events: Annotated[frozenset[Kind], Field(min_length=1)]


def webhooks_router(database: Database, subscribing: SubscribeWebhook, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/webhooks")
    admin = Depends(only_admins(caller))

    @router.post("", status_code=201)
    async def subscribe(who: Annotated[Caller, admin], asked: NewWebhook) -> dict[str, Any]:
        return await subscribing.subscribe_webhook(who, asked.url, asked.events)

    @router.get("")
    async def list_webhooks(
        who: Annotated[Caller, admin],
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> dict[str, Any]:
        async with database.reading(who.tenant) as connection:
            return asdict(await webhooks.list_webhooks(connection, who.tenant, Window(limit=limit, after=after_id)))

    @router.get("/{webhook_id}")
    async def webhook(who: Annotated[Caller, admin], webhook_id: UUID) -> dict[str, Any]:
        async with database.reading(who.tenant) as connection:
            found = await webhooks.find_webhook(connection, who.tenant, str(webhook_id))
        if found is None:
            raise HTTPException(404, MISSING)
        return found

    @router.delete("/{webhook_id}", status_code=204)
    async def unsubscribe(who: Annotated[Caller, admin], webhook_id: UUID) -> None:
        async with database.transaction() as connection:
            known = await delete_webhook(connection, who.tenant, str(webhook_id))
        if not known:
            raise HTTPException(404, MISSING)

    @router.get("/{webhook_id}/deliveries")
    async def deliveries(
        who: Annotated[Caller, admin],
        webhook_id: UUID,
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> dict[str, Any]:
        window = Window(limit=limit, after=after_id)
        async with database.reading(who.tenant) as connection:
            if await webhooks.find_webhook(connection, who.tenant, str(webhook_id)) is None:
                raise HTTPException(404, MISSING)
            return asdict(await webhooks.list_deliveries(connection, who.tenant, str(webhook_id), window))

    return router
