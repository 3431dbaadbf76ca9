"""What a tenant may still send: asked by the gateway before it takes audio."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.quotas import list_quotas


def quotas_router(database: Database, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/quota")

    @router.get("")
    async def quota(who: Annotated[Caller, Depends(caller)]) -> dict[str, Any]:
        """`quota` is null for a tenant that may send what it likes."""
        async with database.reading(who.tenant) as connection:
            found = await list_quotas(connection, who.tenant)
        return {"quota": found[0] if found else None}

    return router
