"""The document that describes the API, for those who may call it."""

import json
from functools import cache
from typing import Annotated

from fastapi import APIRouter, FastAPI, Response
from fastapi.responses import JSONResponse

from ai2text.api_gateway.auth import Door
from ai2text.common.contracts.inside import Caller, Scope


def document_router(app: FastAPI, door: Door) -> APIRouter:
    router = APIRouter(prefix="/v1/openapi.json", tags=["status"])
    reader = door.needs(Scope.RECORDINGS_READ)

    @cache
    def written() -> bytes:
        return json.dumps(app.openapi()).encode()

    @router.get("", summary="This document", response_class=JSONResponse)
    async def document(caller: Annotated[Caller, reader]) -> Response:
        return Response(written(), media_type="application/json")

    return router
