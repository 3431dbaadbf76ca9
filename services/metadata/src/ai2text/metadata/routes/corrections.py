"""Changes of a transcript, segment by segment or all over: each is a revision, and none is made unseen."""

import re
from dataclasses import asdict, dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ConfigDict, Field

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.revisions import Change, RevisedSegment
from ai2text.common.problems import problem
from ai2text.metadata import transcript_edit
from ai2text.metadata.correct_transcript import ANY, Corrected, CorrectTranscript, Seen, Stale
from ai2text.metadata.transcript_edit import Changes, Edit, Replacement, etag_of

ETAG = re.compile(r'\*|"([^"]*)"')
IfMatch = Annotated[str | None, Header(description="The `etag` of what is changed, as it was seen.")]
UNSEEN = "Send the etag of what you change in If-Match, so that nobody's work is overwritten unseen."


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedEdit(Edit):
    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSplit:
    __pydantic_config__ = ConfigDict(extra="forbid")

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedReplacement(Replacement):
    __pydantic_config__ = ConfigDict(extra="forbid")

    find: Annotated[str, Field(min_length=1, max_length=1000)]
    replace: Annotated[str, Field(max_length=1000)]
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedReversion:
    __pydantic_config__ = ConfigDict(extra="forbid")

    revision: Annotated[int, Field(ge=1)]


def corrections_router(correcting: CorrectTranscript, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/recordings/{recording_id}/transcript")
    inside = Depends(caller)

    @router.patch("/segments/{segment_id}")
    async def edit(
        who: Annotated[Caller, inside],
        recording_id: UUID,
        segment_id: UUID,
        asked: AskedEdit,
        if_match: IfMatch = None,
    ) -> Response:
        etags = _etags(if_match)

        def changes(seen: Seen) -> Changes:
            segment = seen.segment(str(segment_id), etags)
            return transcript_edit.edited(segment, asked, seen.present.duration_seconds)

        return _one(await correcting.correct(who, str(recording_id), Change.EDIT, changes, only=str(segment_id)))

    @router.post("/segments/{segment_id}/split")
    async def split(
        who: Annotated[Caller, inside],
        recording_id: UUID,
        segment_id: UUID,
        asked: AskedSplit,
        if_match: IfMatch = None,
    ) -> Response:
        etags = _etags(if_match)

        def changes(seen: Seen) -> Changes:
            segment = seen.segment(str(segment_id), etags)
            return transcript_edit.split(segment, asked.at, seen.following(segment))

        return _several(await correcting.correct(who, str(recording_id), Change.SPLIT, changes, only=str(segment_id)))

    @router.post("/segments/{segment_id}/merge")
    async def merge(
        who: Annotated[Caller, inside], recording_id: UUID, segment_id: UUID, if_match: IfMatch = None
    ) -> Response:
        """With the next one."""
        etags = _etags(if_match)

        def changes(seen: Seen) -> Changes:
            segment = seen.segment(str(segment_id), etags)
            following = seen.following(segment)
            if following is None:
                raise HTTPException(409, "It is the last segment: there is none to merge it with.")
            return transcript_edit.merged(segment, following)

        return _several(await correcting.correct(who, str(recording_id), Change.MERGE, changes, only=str(segment_id)))

    _add_changes_all_over(router, correcting, inside)
    return router


def _add_changes_all_over(router: APIRouter, correcting: CorrectTranscript, inside: Any) -> None:
    @router.post("/replace")
    async def replace(
        who: Annotated[Caller, inside], recording_id: UUID, asked: AskedReplacement, if_match: IfMatch = None
    ) -> Response:
        etags = _etags(if_match)
        found: list[dict[str, Any]] = []

        def changes(seen: Seen) -> Changes:
            seen.check(etags)
            replaced = transcript_edit.replaced(seen.segments, asked)
            found[:] = [asdict(hit) for hit in replaced.hits]
            return replaced.changes

        done = await correcting.correct(who, str(recording_id), Change.REPLACE, changes, only_look=asked.dry_run)
        return JSONResponse({"hits": found, "revision": done.revision})

    @router.post("/revert")
    async def revert(who: Annotated[Caller, inside], recording_id: UUID, asked: AskedReversion) -> Response:
        done = await correcting.revert(who, str(recording_id), asked.revision)
        return JSONResponse({"revision": done.revision})


def answer_stale(app: FastAPI) -> None:
    @app.exception_handler(Stale)
    async def stale(request: Request, exc: Stale) -> Response:
        """With what stands, so that an editor can show both."""
        more = {"revision": exc.revision, "segment": exc.segment and _shown(exc.segment.segment, exc.segment.etag)}
        detail = f"It was changed meanwhile and is revision {exc.revision} by now: look at it and send yours again."
        return problem(request, 412, "stale", detail, more=more)


def _etags(if_match: str | None) -> frozenset[str]:
    if if_match is None:
        raise HTTPException(428, UNSEEN)
    return frozenset(ANY if match[0] == ANY else match[1] for match in ETAG.finditer(if_match))


def _one(done: Corrected) -> Response:
    (segment,) = done.segments
    etag = etag_of(segment)
    return JSONResponse({"segment": _shown(segment, etag), "revision": done.revision}, headers={"ETag": f'"{etag}"'})


def _several(done: Corrected) -> Response:
    segments = [_shown(one, etag_of(one)) for one in done.segments]
    return JSONResponse({"segments": segments, "revision": done.revision})


def _shown(segment: RevisedSegment, etag: str) -> dict[str, Any]:
    """As in the transcript; its place is nobody's business."""
    shown = {name: value for name, value in asdict(segment).items() if name != "place"}
    return {**shown, "etag": etag}
