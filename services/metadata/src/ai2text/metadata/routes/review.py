"""What people should look at first."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller
from ai2text.common.paging import AfterId, Filter, Limit
from ai2text.metadata.page import Window
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.review_queue import Chosen, list_review


def review_router(database: Database, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/review")

    @router.get("/queue")
    async def queue(
        who: Annotated[Caller, Depends(caller)],
        limit: Limit = 100,
        after_id: AfterId = None,
        language: Filter = None,
        tag: Filter = None,
    ) -> dict[str, Any]:
        chosen, window = Chosen(language=language, tag=tag), Window(limit=limit, after=after_id)
        async with database.reading(who.tenant) as connection:
            return asdict(await list_review(connection, who.tenant, chosen, window))

    return router
