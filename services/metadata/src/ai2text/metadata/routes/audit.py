"""The audit trail: written by the gateway, read inside by admins; not on the outside."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.audit import AuditEntry
from ai2text.common.paging import AfterId, Limit
from ai2text.metadata.audit import list_audit
from ai2text.metadata.page import Window
from ai2text.metadata.postgres.audit import save_audit
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.routes.admission import only_admins, only_services


def audit_router(database: Database, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/audit")

    @router.post("", status_code=201, dependencies=[Depends(only_services(caller))])
    async def write(entries: Annotated[tuple[AuditEntry, ...], Body(max_length=1000)]) -> dict[str, int]:
        """May be repeated."""
        async with database.transaction() as connection:
            await save_audit(connection, entries)
        return {"entries": len(entries)}

    @router.get("", dependencies=[Depends(only_admins(caller))])
    async def trail(
        tenant: str | None = None,
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> dict[str, Any]:
        async with database.transaction() as connection:
            return asdict(await list_audit(connection, tenant, Window(limit=limit, after=after_id)))

    return router
