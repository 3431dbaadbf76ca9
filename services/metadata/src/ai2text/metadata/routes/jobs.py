"""Transcription jobs and their outcomes."""

import asyncio
import time
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.states import JOB_ENDS, JobStatus
from ai2text.common.object_store import ObjectStore
from ai2text.common.paging import AfterId, Limit
from ai2text.metadata import jobs
from ai2text.metadata.cancel_job import CancelJob
from ai2text.metadata.page import Window
from ai2text.metadata.reads import POLL_SECONDS, Reads
from ai2text.metadata.request_job import AskedJob, RequestJob


def jobs_router(
    reads: Reads, store: ObjectStore, requesting: RequestJob, cancelling: CancelJob, caller: Authenticate
) -> APIRouter:
    router = APIRouter(prefix="/v1/jobs")

    @router.post("")
    async def request(who: Annotated[Caller, Depends(caller)], asked: AskedJob, response: Response) -> dict[str, Any]:
        """202 for a new job, 200 for the one that there is."""
        requested = await requesting.request_job(who, asked)
        response.status_code = 202 if requested.new else 200
        return await reads.find(jobs.find_job, who, UUID(requested.job_id), "job")

    @router.get("")
    async def list_jobs(
        who: Annotated[Caller, Depends(caller)],
        status: JobStatus | None = None,
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> dict[str, Any]:
        async with reads.database.reading(who.tenant) as connection:
            page = await jobs.list_jobs(connection, who.tenant, status, Window(limit=limit, after=after_id))
        return asdict(page)

    @router.get("/{job_id}")
    async def job(
        who: Annotated[Caller, Depends(caller)], job_id: UUID, wait: Annotated[float, Query(ge=0, le=60)] = 0
    ) -> dict[str, Any]:
        deadline = time.monotonic() + wait
        found = await reads.find(jobs.find_job, who, job_id, "job")
        while found["status"] not in JOB_ENDS and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
            found = await reads.find(jobs.find_job, who, job_id, "job")
        return found

    @router.delete("/{job_id}")
    async def cancel(who: Annotated[Caller, Depends(caller)], job_id: UUID) -> dict[str, Any]:
        """The cancelled job, also when it was cancelled before; 409 for one that has ended otherwise."""
        await cancelling.cancel_job(who, job_id)
        found = await reads.find(jobs.find_job, who, job_id, "job")
        if found["status"] != JobStatus.CANCELLED:
            raise HTTPException(409, f"The job has {found['status']} already, and stays so.")
        return found

    @router.get("/{job_id}/outcome")
    async def outcome(who: Annotated[Caller, Depends(caller)], job_id: UUID) -> Response:
        """Of the contract `outcome`, as the worker wrote it."""
        key = await reads.find(jobs.find_outcome_key, who, job_id, "outcome")
        return Response(await asyncio.to_thread(store.get, key), media_type="application/json")

    return router
