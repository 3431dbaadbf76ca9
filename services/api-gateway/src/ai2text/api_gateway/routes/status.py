"""What the pipeline is doing."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.inside import Service
from ai2text.common.contracts.inside import Caller, Scope


def status_router(door: Door, metadata: Service, ingestion: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/status", tags=["status"])
    reader = Depends(door.needs(Scope.RECORDINGS_READ))

    @router.get("", summary="Recordings and jobs by state; the queues and all tenants with the scope admin")
    async def status(caller: Annotated[Caller, reader]) -> dict[str, Any]:
        parts = await asyncio.gather(metadata.get("/v1/status", caller), ingestion.get("/v1/status", caller))
        return {**parts[0], **parts[1]}

    return router
