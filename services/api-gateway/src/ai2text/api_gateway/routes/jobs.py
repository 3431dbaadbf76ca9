"""Transcription jobs."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, HTTPException, Query, Request, Response

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.cursors import Cursors
from ai2text.api_gateway.documents.common import Page
from ai2text.api_gateway.documents.jobs import AskedJob, Job, JobWithAttempts
from ai2text.api_gateway.event_stream import AGAIN, EVENT_STREAM, SILENCE, block, event_stream
from ai2text.api_gateway.follow_job import FollowJob, JobEvent
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.openapi import body, refusals
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.states import JobStatus
from ai2text.common.paging import AfterId, Limit


def jobs_router(door: Door, metadata: Service, following: FollowJob, cursors: Cursors) -> APIRouter:
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    reader = door.needs(Scope.RECORDINGS_READ)
    writer = door.needs(Scope.RECORDINGS_WRITE)

    @router.post(
        "",
        summary="Ask for a transcription: a new job, or the one there is for the same",
        status_code=202,
        response_model=JobWithAttempts,
        responses={200: {"model": JobWithAttempts, "description": "There is one"}, **refusals(404)},
        openapi_extra=body(AskedJob),
    )
    async def request_job(request: Request, caller: Annotated[Caller, writer]) -> Response:
        return await metadata.forward(request, caller)

    @router.get("", summary="The tenant's jobs, the newest first", response_model=Page[Job])
    async def list_jobs(
        request: Request,
        caller: Annotated[Caller, reader],
        status: JobStatus | None = None,
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> Response:
        return await metadata.forward(request, caller)

    @router.get("/{job_id}", summary="One job; waits for its end, if asked to", response_model=JobWithAttempts)
    async def get_job(
        request: Request,
        caller: Annotated[Caller, reader],
        job_id: UUID,
        wait: Annotated[float, Query(ge=0, le=60, description="Seconds to wait for the job's end.")] = 0,
    ) -> Response:
        return await metadata.forward(request, caller)

    @router.get(
        "/{job_id}/events",
        summary="What happens to one, as server-sent events, until it has ended",
        responses={200: {"content": EVENT_STREAM}},
        response_class=Response,
    )
    async def job_events(
        request: Request,
        caller: Annotated[Caller, reader],
        job_id: UUID,
        last_event_id: Annotated[
            str, Header(description="Of the last event that was received: the next ones follow.")
        ] = "",
    ) -> Response:
        status, job = await metadata.ask("GET", f"/v1/jobs/{job_id}", caller)
        if status != HTTPStatus.OK:
            raise HTTPException(status, job["detail"])
        door.keep_listening(request, caller)
        place = cursors.open(caller.tenant, last_event_id) or 0
        seal = partial(cursors.seal, caller.tenant)
        return event_stream(_blocks(following.follow_job(caller, str(job_id), place), seal))

    @router.delete(
        "/{job_id}",
        summary="Cancel one; 409 when it has ended otherwise",
        response_model=JobWithAttempts,
        responses=refusals(409),
    )
    async def cancel_job(request: Request, caller: Annotated[Caller, writer], job_id: UUID) -> Response:
        return await metadata.forward(request, caller)

    return router


async def _blocks(events: AsyncIterator[JobEvent | None], seal: Callable[[int], str]) -> AsyncIterator[bytes]:
    yield AGAIN
    async for event in events:
        if event is None:
            yield SILENCE
        else:
            yield block(event.data, event.name, None if event.place is None else seal(event.place))
