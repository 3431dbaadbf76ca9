"""Which datasets recordings went into; for services, not on the outside."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller
from ai2text.metadata.datasets import find_uses
from ai2text.metadata.reads import Reads


def datasets_router(reads: Reads, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/recordings/{recording_id}/datasets")

    @router.get("")
    async def uses(who: Annotated[Caller, Depends(caller)], recording_id: UUID) -> dict[str, Any]:
        return {"items": await reads.find(find_uses, who, recording_id, "recording"), "next": None}

    return router
