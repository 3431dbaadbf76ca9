"""Full text."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller
from ai2text.common.paging import Limit
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.search import Filters, search_segments


def search_router(database: Database, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/search")

    @router.get("")
    async def search(
        who: Annotated[Caller, Depends(caller)],
        q: str = "",
        limit: Limit = 100,
        language: str | None = None,
        tag: str | None = None,
        created_after: datetime | None = None,
        recording_id: UUID | None = None,
    ) -> dict[str, Any]:
        filters = Filters(language=language, tag=tag, created_after=created_after, recording_id=recording_id)
        async with database.reading(who.tenant) as connection:
            return asdict(await search_segments(connection, q, limit, filters))

    return router
