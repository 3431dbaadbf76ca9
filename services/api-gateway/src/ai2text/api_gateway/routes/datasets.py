"""Training datasets: asked for, numbered, and read file by file."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.inside import Service
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.paging import AfterId, Limit


def datasets_router(door: Door, orchestrator: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/datasets", tags=["datasets"])
    reader = Depends(door.needs(Scope.DATASETS_READ))
    writer = Depends(door.needs(Scope.DATASETS_WRITE))

    @router.post("", summary="Assemble the next version of a dataset from everything transcribed", status_code=202)
    async def request_dataset(request: Request, caller: Annotated[Caller, writer]) -> Response:
        return await orchestrator.forward(request, caller)

    @router.get("", summary="The newest version of each dataset")
    async def list_datasets(
        request: Request,
        caller: Annotated[Caller, reader],
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> Response:
        return await orchestrator.forward(request, caller)

    @router.get("/{name}/versions/{version}", summary="One version with its files; waits for its end, if asked to")
    async def get_version(
        request: Request,
        caller: Annotated[Caller, reader],
        name: str,
        version: Annotated[int, Path(ge=1)],
        wait: Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the version's end.")] = 0,
    ) -> Response:
        return await orchestrator.forward(request, caller)

    @router.get("/{name}/versions/{version}/files/{path:path}", summary="One of its files; ranges are answered")
    async def get_file(
        request: Request, caller: Annotated[Caller, reader], name: str, version: Annotated[int, Path(ge=1)], path: str
    ) -> Response:
        return await orchestrator.forward(request, caller)

    return router
