"""The read API for the gateway; the paths are those of the outside, the gateway passes them on."""

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Response
from fastapi.responses import JSONResponse
from structlog.contextvars import bind_contextvars

from ai2text.common.caller_token import HEADER, verify
from ai2text.common.captions import to_srt, to_text
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.states import RecordingStatus
from ai2text.common.problems import answer_errors_as_problems
from ai2text.metadata import catalog
from ai2text.metadata.postgres import outbox
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.queues import Queues


class TranscriptFormat(StrEnum):
    JSON = "json"
    TXT = "txt"
    SRT = "srt"


MEDIA_TYPES = {
    TranscriptFormat.TXT: "text/plain; charset=utf-8",
    TranscriptFormat.SRT: "application/x-subrip; charset=utf-8",
}


def build_app(database: Database, queues: Queues, caller_key: str) -> FastAPI:
    app = FastAPI(openapi_url=None)
    answer_errors_as_problems(app)

    async def caller(token: Annotated[str | None, Header(alias=HEADER)] = None) -> Caller:
        who = verify(token, caller_key)
        bind_contextvars(request_id=who.request_id)
        return who

    known = Depends(caller)

    @app.get("/v1/recordings")
    async def recordings(
        who: Annotated[Caller, known],
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        after_id: str | None = None,
        status: RecordingStatus | None = None,
        language: str | None = None,
        tag: str | None = None,
        created_after: datetime | None = None,
    ) -> dict[str, Any]:
        filters = catalog.Filters(status=status, language=language, tag=tag, created_after=created_after)
        async with database.transaction() as connection:
            page = await catalog.list_recordings(connection, who.tenant, filters, limit, after_id)
        return asdict(page)

    @app.get("/v1/recordings/{recording_id}")
    async def recording(who: Annotated[Caller, known], recording_id: UUID) -> dict[str, Any]:
        async with database.transaction() as connection:
            found = await catalog.find_recording(connection, who.tenant, str(recording_id))
        if found is None:
            raise HTTPException(404, "There is no such recording.")
        return found

    @app.get("/v1/recordings/{recording_id}/transcript")
    async def transcript(
        who: Annotated[Caller, known],
        recording_id: UUID,
        form: Annotated[TranscriptFormat, Query(alias="format")] = TranscriptFormat.JSON,
    ) -> Response:
        async with database.transaction() as connection:
            found = await catalog.find_transcript(connection, who.tenant, str(recording_id))
        if found is None:
            raise HTTPException(404, "There is no transcript of such a recording (yet).")
        if form is TranscriptFormat.JSON:
            return JSONResponse(asdict(found))
        text = to_text(found.segments) if form is TranscriptFormat.TXT else to_srt(found.segments)
        return Response(text, media_type=MEDIA_TYPES[form])

    @app.get("/v1/status")
    async def status(who: Annotated[Caller, known]) -> dict[str, Any]:
        """Of the caller's tenant; with the scope `admin` of all tenants, and the queues, which know no tenant."""
        admin = "admin" in who.scopes
        async with database.transaction() as connection:
            counts: dict[str, Any] = await catalog.count(connection, None if admin else who.tenant)
            unannounced = await outbox.pending(connection)
        return {**counts, "queue": await queues.depths(unannounced)} if admin else counts

    return app
