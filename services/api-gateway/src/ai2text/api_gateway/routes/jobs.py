"""Transcription jobs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.inside import Service
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.states import JobStatus
from ai2text.common.paging import AfterId, Limit


def jobs_router(door: Door, metadata: Service) -> APIRouter:
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    reader = Depends(door.needs(Scope.RECORDINGS_READ))
    writer = Depends(door.needs(Scope.RECORDINGS_WRITE))

    @router.post("", summary="Ask for a transcription: a new job, or the one there is for the same", status_code=202)
    async def request_job(request: Request, caller: Annotated[Caller, writer]) -> StreamingResponse:
        return await metadata.forward(request, caller)

    @router.get("", summary="The tenant's jobs, the newest first")
    async def list_jobs(
        request: Request,
        caller: Annotated[Caller, reader],
        status: JobStatus | None = None,
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> StreamingResponse:
        return await metadata.forward(request, caller)

    @router.get("/{job_id}", summary="One job; waits for its end, if asked to")
    async def get_job(
        request: Request,
        caller: Annotated[Caller, reader],
        job_id: UUID,
        wait: Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the job's end.")] = 0,
    ) -> StreamingResponse:
        return await metadata.forward(request, caller)

    @router.delete("/{job_id}", summary="Cancel one; 409 when it has ended otherwise")
    async def cancel_job(request: Request, caller: Annotated[Caller, writer], job_id: UUID) -> StreamingResponse:
        return await metadata.forward(request, caller)

    return router
