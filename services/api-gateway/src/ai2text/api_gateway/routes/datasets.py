"""Training datasets: asked for, numbered, and read file by file."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.params import Security as SecurityParameter

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.documents.common import Page
from ai2text.api_gateway.documents.datasets import (
    Asked,
    Check,
    CheckAsked,
    DatasetVersion,
    RebuildAsked,
    Run,
    RunReport,
    Summary,
)
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.openapi import BYTES, body, refusals
from ai2text.common.contracts.definition import Definition
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.paging import AfterId, Limit


def datasets_router(door: Door, orchestrator: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/datasets", tags=["datasets"])
    reader = door.needs(Scope.DATASETS_READ)
    writer = door.needs(Scope.DATASETS_WRITE)

    @router.post(
        "",
        summary="Assemble the next version of a dataset from everything transcribed",
        status_code=202,
        response_model=Asked,
        openapi_extra=body(Definition),
    )
    async def request_dataset(request: Request, caller: Annotated[Caller, writer]) -> Response:
        return await orchestrator.forward(request, caller)

    @router.get("", summary="The newest version of each dataset", response_model=Page[Summary])
    async def list_datasets(
        request: Request,
        caller: Annotated[Caller, reader],
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> Response:
        return await orchestrator.forward(request, caller)

    @router.delete("/{name}/trigger", summary="Make no further versions by themselves", status_code=204)
    async def end_trigger(request: Request, caller: Annotated[Caller, writer], name: str) -> Response:
        return await orchestrator.forward(request, caller)

    @router.get(
        "/{name}/versions/{version}",
        summary="One version with its files; waits for its end, or that of its rebuild, if asked to",
        response_model=DatasetVersion,
    )
    async def get_version(
        request: Request,
        caller: Annotated[Caller, reader],
        name: str,
        version: Annotated[int, Path(ge=1)],
        wait: Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the version's end.")] = 0,
    ) -> Response:
        return await orchestrator.forward(request, caller)

    @router.post(
        "/{name}/versions/{version}/rebuild",
        summary="Make its files once more, from the rows that it pins: they must be the same bytes",
        status_code=202,
        response_model=RebuildAsked,
    )
    async def rebuild_version(
        request: Request, caller: Annotated[Caller, writer], name: str, version: Annotated[int, Path(ge=1)]
    ) -> Response:
        return await orchestrator.forward(request, caller)

    @router.get(
        "/{name}/versions/{version}/files/{path:path}",
        summary="One of its files; ranges are answered",
        response_class=Response,
        responses={**BYTES, **refusals(410)},
    )
    async def get_file(
        request: Request, caller: Annotated[Caller, reader], name: str, version: Annotated[int, Path(ge=1)], path: str
    ) -> Response:
        return await orchestrator.forward(request, caller)

    @router.get("/{name}/versions/{version}/runs", summary="The training runs on a version", response_model=Page[Run])
    async def list_runs(
        request: Request, caller: Annotated[Caller, reader], name: str, version: Annotated[int, Path(ge=1)]
    ) -> Response:
        return await orchestrator.forward(request, caller)

    @router.post(
        "/{name}/versions/{version}/runs",
        summary="Train on it once more",
        status_code=202,
        response_model=Run,
        responses=refusals(409),
    )
    async def request_run(
        request: Request, caller: Annotated[Caller, writer], name: str, version: Annotated[int, Path(ge=1)]
    ) -> Response:
        return await orchestrator.forward(request, caller)

    @router.post(
        "/{name}/versions/{version}/runs/{run}",
        summary="Say how a training outside goes",
        response_model=Run,
        openapi_extra=body(RunReport),
        responses=refusals(409),
    )
    async def report_run(
        request: Request,
        caller: Annotated[Caller, writer],
        name: str,
        version: Annotated[int, Path(ge=1)],
        run: Annotated[int, Path(ge=1)],
    ) -> Response:
        return await orchestrator.forward(request, caller)

    _offer_checks(router, reader, orchestrator)
    return router


def _offer_checks(router: APIRouter, reader: SecurityParameter, orchestrator: Service) -> None:
    @router.post(
        "/{name}/check",
        summary="Read a version by the rules of its formats; asked again, it waits for the same check",
        response_model=Check,
        openapi_extra=body(CheckAsked, required=False),
        responses={202: {"model": Check, "description": "It takes longer: ask again"}, **refusals(409, 410)},
    )
    async def check_version(
        request: Request,
        caller: Annotated[Caller, reader],
        name: str,
        wait: Annotated[float, Query(ge=0, le=60, description="Seconds to wait for its end.")] = 10,
    ) -> Response:
        return await orchestrator.forward(request, caller)
