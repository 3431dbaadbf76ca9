"""Messages that were given up, of all tenants, for the scope `admin` only."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from fastapi.responses import JSONResponse

from ai2text.common.caller_token import Authenticate
from ai2text.common.clock import utc_now
from ai2text.common.paging import AfterId, Limit
from ai2text.metadata.dead_letters import find_dead_letter, list_dead_letters
from ai2text.metadata.page import Window
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.replay_dead_letter import replay_dead_letter
from ai2text.metadata.routes.admission import only_admins

MISSING = "There is no such dead letter."


def dead_letters_router(database: Database, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/dead-letters", dependencies=[Depends(only_admins(caller))])

    @router.get("")
    async def dead_letters(limit: Limit = 100, after_id: AfterId = None) -> dict[str, Any]:
        async with database.transaction() as connection:
            return asdict(await list_dead_letters(connection, Window(limit=limit, after=after_id)))

    @router.get("/{dead_letter_id}")
    async def dead_letter(dead_letter_id: UUID) -> dict[str, Any]:
        async with database.transaction() as connection:
            found = await find_dead_letter(connection, str(dead_letter_id))
        if found is None:
            raise HTTPException(404, MISSING)
        return found

    @router.post("/{dead_letter_id}/replay")
    async def replay(dead_letter_id: UUID) -> JSONResponse:
        """202 when it is replayed now, 200 when it was before."""
        replayed = await replay_dead_letter(database, str(dead_letter_id), utc_now)
        if replayed is None:
            raise HTTPException(404, MISSING)
        body = {"dead_letter_id": replayed.dead_letter_id, "job_id": replayed.job_id, "status": "replayed"}
        return JSONResponse(body, 202 if replayed.now else 200)

    return router
