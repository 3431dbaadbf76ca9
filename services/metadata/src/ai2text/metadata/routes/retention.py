"""How long a tenant keeps its recordings."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.postgres.retention import find_retention, save_retention

MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    __pydantic_config__ = ConfigDict(extra="forbid")

    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] | None
    """None keeps them for good."""


def retention_router(database: Database, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/retention")

    @router.get("")
    async def retention(who: Annotated[Caller, Depends(caller)]) -> dict[str, Any]:
        async with database.reading(who.tenant) as connection:
            return {"days": await find_retention(connection, who.tenant)}

    @router.put("")
    async def keep(who: Annotated[Caller, Depends(caller)], asked: Retention) -> dict[str, Any]:
        async with database.transaction() as connection:
            await save_retention(connection, who.tenant, asked.days, who.subject)
        return {"days": asked.days}

    return router
