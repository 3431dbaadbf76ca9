"""What the pipeline is doing."""

import asyncio
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.recordings import Status
from ai2text.api_gateway.inside import Service
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.presence import presence_of
from ai2text.common.run import Life


def status_router(door: Door, metadata: Service, ingestion: Service, life: Life) -> APIRouter:
    router = APIRouter(prefix="/v1/status", tags=["status"])
    reader = door.needs(Scope.RECORDINGS_READ)

    @router.get(
        "",
        summary="Counts, backlog, rates and failures; all tenants and the services with the scope admin",
        response_model=Status,
    )
    async def status(caller: Annotated[Caller, reader]) -> Response:
        parts = await asyncio.gather(metadata.get("/v1/status", caller), ingestion.get("/v1/status", caller))
        whole = {**parts[0], **parts[1]}
        if Scope.ADMIN in caller.scopes:
            own = asdict(await presence_of("api-gateway", life))
            whole["services"] = [*whole["services"], {**own, "seen_seconds_ago": 0.0}]
        return JSONResponse(jsonable_encoder(whole))

    return router
