"""Recordings, their audio and their transcripts."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field

from ai2text.common.caller_token import Authenticate
from ai2text.common.captions import to_srt, to_text, to_tsv, to_vtt
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.states import RecordingStatus, ReviewStatus
from ai2text.common.object_response import send_object
from ai2text.common.object_store import ObjectStore
from ai2text.common.paging import AfterId, Filter, Limit
from ai2text.metadata import catalog
from ai2text.metadata.catalog import WHOLE, Part
from ai2text.metadata.erase_recording import EraseRecording
from ai2text.metadata.page import Window
from ai2text.metadata.postgres.recordings import change_recording
from ai2text.metadata.reads import Reads

MOST = 2**31 - 1
Tag = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\p{C},]+$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRecording:
    __pydantic_config__ = ConfigDict(extra="forbid")

    review: ReviewStatus | None = None
    tags: Annotated[list[Tag], Field(max_length=32)] | None = None


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


def recordings_router(reads: Reads, store: ObjectStore, erasing: EraseRecording, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/recordings")

    @router.get("")
    async def recordings(
        who: Annotated[Caller, Depends(caller)],
        limit: Limit = 100,
        after_id: AfterId = None,
        status: RecordingStatus | None = None,
        language: Filter = None,
        tag: Filter = None,
        created_after: datetime | None = None,
    ) -> dict[str, Any]:
        filters = catalog.Filters(status=status, language=language, tag=tag, created_after=created_after)
        async with reads.database.reading(who.tenant) as connection:
            page = await catalog.list_recordings(connection, who.tenant, filters, Window(limit=limit, after=after_id))
        return asdict(page)

    @router.get("/{recording_id}")
    async def recording(who: Annotated[Caller, Depends(caller)], recording_id: UUID) -> dict[str, Any]:
        return await reads.find(catalog.find_recording, who, recording_id, "recording")

    @router.patch("/{recording_id}")
    async def change(
        who: Annotated[Caller, Depends(caller)], recording_id: UUID, asked: ChangedRecording
    ) -> dict[str, Any]:
        """What is left out stays."""
        async with reads.database.transaction() as connection:
            await change_recording(connection, who.tenant, str(recording_id), asked.review, asked.tags)
        return await reads.find(catalog.find_recording, who, recording_id, "recording")

    @router.delete("/{recording_id}", status_code=202)
    async def erase(who: Annotated[Caller, Depends(caller)], recording_id: UUID) -> dict[str, Any]:
        """The catalogue has nothing of it any more; whoever else does is told."""
        return _erased(recording_id, await erasing.erase_recording(who.tenant, f"{recording_id}"))

    @router.get("/{recording_id}/audio")
    async def audio(who: Annotated[Caller, Depends(caller)], recording_id: UUID, request: Request) -> Response:
        found = await reads.find(catalog.find_audio, who, recording_id, "audio")
        return await send_object(store, found.key, found.sha256, found.size_bytes, request.headers)

    @router.get("/{recording_id}/transcript")
    async def transcript(
        who: Annotated[Caller, Depends(caller)],
        recording_id: UUID,
        form: Annotated[TranscriptFormat, Query(alias="format")] = TranscriptFormat.JSON,
        revision: Annotated[int | None, Query(ge=1, le=MOST)] = None,
        begin: Annotated[float, Query(alias="from")] = WHOLE.begin_seconds,
        end: Annotated[float, Query(alias="to")] = WHOLE.end_seconds,
    ) -> Response:
        part = Part(revision=revision, begin_seconds=begin, end_seconds=end)
        found = await reads.look(partial(catalog.find_transcript, part=part), who, recording_id)
        if found is None:
            raise await reads.missing(who, recording_id, "There is no such transcript of such a recording (yet).")
        headers = {"ETag": f'"{found.revision}"'}
        if form is TranscriptFormat.JSON:
            return JSONResponse(asdict(found), headers=headers)
        write, media_type = WRITERS[form]
        return Response(write(found.segments), media_type=media_type, headers=headers)

    @router.get("/{recording_id}/transcript/revisions")
    async def revisions(who: Annotated[Caller, Depends(caller)], recording_id: UUID) -> dict[str, Any]:
        return {"items": await reads.find(catalog.list_revisions, who, recording_id, "transcript"), "next": None}

    return router


def _erased(recording_id: UUID, erased_at: datetime | None) -> dict[str, Any]:
    if erased_at is None:
        raise HTTPException(404, "There is no such recording.")
    return {"recording_id": f"{recording_id}", "erased_at": erased_at}
