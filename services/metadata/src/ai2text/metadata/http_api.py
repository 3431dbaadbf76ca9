"""The read API for the gateway; the paths are those of the outside, the gateway passes them on."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse

from ai2text.common.caller_token import Authenticate, authenticated
from ai2text.common.captions import to_srt, to_text, to_tsv, to_vtt
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.states import JOB_ENDS, RecordingStatus
from ai2text.common.object_store import ObjectStore
from ai2text.common.problems import answer_errors_as_problems
from ai2text.metadata import catalog
from ai2text.metadata.postgres import outbox
from ai2text.metadata.postgres.pool import Connection, Database
from ai2text.metadata.queues import Queues
from ai2text.metadata.send_audio import send_audio

T = TypeVar("T")
Find = Callable[[Connection, str, str], Awaitable[T | None]]
CATCH_UP_SECONDS = 5.0
POLL_SECONDS = 0.1


class TranscriptFormat(StrEnum):
    JSON = "json"
    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    TSV = "tsv"


WRITERS: dict[TranscriptFormat, tuple[Callable[[tuple[catalog.SegmentRow, ...]], str], str]] = {
    TranscriptFormat.TXT: (to_text, "text/plain; charset=utf-8"),
    TranscriptFormat.SRT: (to_srt, "application/x-subrip; charset=utf-8"),
    TranscriptFormat.VTT: (to_vtt, "text/vtt; charset=utf-8"),
    TranscriptFormat.TSV: (to_tsv, "text/tab-separated-values; charset=utf-8"),
}
"""What writes the form, and its media type."""


def build_app(database: Database, store: ObjectStore, queues: Queues, caller_key: str) -> FastAPI:
    app = FastAPI(openapi_url=None)
    answer_errors_as_problems(app)

    caller = authenticated(caller_key)
    reads = _Reads(database, queues)
    app.include_router(_recordings(reads, store, caller))
    app.include_router(_transcripts(reads, caller))
    app.include_router(_jobs(reads, store, caller))
    app.include_router(_status(database, queues, caller))
    return app


class _Reads:
    """What a 2xx named can be read at once: a miss counts only when the catalogue knows all that was announced."""

    def __init__(self, database: Database, queues: Queues) -> None:
        self.database = database
        self._queues = queues

    async def find(self, find: Find[T], who: Caller, wanted: UUID, what: str) -> T:
        """Raises 404, at once when the catalogue is up to date and after some seconds in any case."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while True:
            found = await self.look(find, who, wanted)
            if found is not None:
                return found
            if time.monotonic() > deadline or await self._queues.catalogue_is_caught_up():
                break
            await asyncio.sleep(POLL_SECONDS)
        found = await self.look(find, who, wanted)  # persisted between the look and the question
        if found is None:
            raise HTTPException(404, f"There is no such {what}.")
        return found

    async def look(self, find: Find[T], who: Caller, wanted: UUID) -> T | None:
        async with self.database.transaction() as connection:
            return await find(connection, who.tenant, str(wanted))


def _recordings(reads: _Reads, store: ObjectStore, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/recordings")

    @router.get("")
    async def recordings(
        who: Annotated[Caller, Depends(caller)],
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        after_id: str | None = None,
        status: RecordingStatus | None = None,
        language: str | None = None,
        tag: str | None = None,
        created_after: datetime | None = None,
    ) -> dict[str, Any]:
        filters = catalog.Filters(status=status, language=language, tag=tag, created_after=created_after)
        async with reads.database.transaction() as connection:
            page = await catalog.list_recordings(connection, who.tenant, filters, limit, after_id)
        return asdict(page)

    @router.get("/{recording_id}")
    async def recording(who: Annotated[Caller, Depends(caller)], recording_id: UUID) -> dict[str, Any]:
        return await reads.find(catalog.find_recording, who, recording_id, "recording")

    @router.get("/{recording_id}/audio")
    async def audio(who: Annotated[Caller, Depends(caller)], recording_id: UUID, request: Request) -> Response:
        return await send_audio(
            store, await reads.find(catalog.find_audio, who, recording_id, "audio"), request.headers
        )

    return router


def _transcripts(reads: _Reads, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/recordings/{recording_id}/transcript")

    @router.get("")
    async def transcript(
        who: Annotated[Caller, Depends(caller)],
        recording_id: UUID,
        form: Annotated[TranscriptFormat, Query(alias="format")] = TranscriptFormat.JSON,
    ) -> Response:
        found = await reads.look(catalog.find_transcript, who, recording_id)
        if found is None:
            raise HTTPException(404, "There is no transcript of such a recording (yet).")
        if form is TranscriptFormat.JSON:
            return JSONResponse(asdict(found))
        write, media_type = WRITERS[form]
        return Response(write(found.segments), media_type=media_type)

    return router


def _jobs(reads: _Reads, store: ObjectStore, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/jobs")

    @router.get("/{job_id}")
    async def job(
        who: Annotated[Caller, Depends(caller)], job_id: UUID, wait: Annotated[float, Query(ge=0, le=60)] = 0
    ) -> dict[str, Any]:
        deadline = time.monotonic() + wait
        found = await reads.find(catalog.find_job, who, job_id, "job")
        while found["status"] not in JOB_ENDS and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
            found = await reads.find(catalog.find_job, who, job_id, "job")
        return found

    @router.get("/{job_id}/outcome")
    async def outcome(who: Annotated[Caller, Depends(caller)], job_id: UUID) -> Response:
        """Of the contract `outcome`, as the worker wrote it."""
        key = await reads.find(catalog.find_outcome_key, who, job_id, "outcome")
        return Response(await asyncio.to_thread(store.get, key), media_type="application/json")

    return router


def _status(database: Database, queues: Queues, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/status")

    @router.get("")
    async def status(who: Annotated[Caller, Depends(caller)]) -> dict[str, Any]:
        """Of the caller's tenant; with the scope `admin` of all tenants, and the queues, which know no tenant."""
        admin = Scope.ADMIN in who.scopes
        async with database.transaction() as connection:
            counts: dict[str, Any] = await catalog.count(connection, None if admin else who.tenant)
            unannounced = await outbox.pending(connection)
        return {**counts, "queue": await queues.depths(unannounced)} if admin else counts

    return router
