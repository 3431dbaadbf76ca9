"""The inside API of large uploads in parts; the paths are those of the outside, the gateway passes them on."""

import asyncio
from dataclasses import asdict, dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Path, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ConfigDict, Field

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.states import JobStatus
from ai2text.common.errors import ObjectChanged
from ai2text.common.problems import problem
from ai2text.ingestion.complete_upload import CompleteUpload, Completion
from ai2text.ingestion.open_upload import OpenUpload
from ai2text.ingestion.receive_part import ReceivePart
from ai2text.ingestion.request_body import TooLarge
from ai2text.ingestion.upload import PART_BYTES_MIN, PARTS_MOST, Received, fields_of
from ai2text.ingestion.uploads import Standing, UploadGone, Uploads


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadsInParts:
    """What the routes call."""

    uploads: Uploads
    opening: OpenUpload
    parts: ReceivePart
    completing: CompleteUpload
    part_bytes_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """The recording's fields as in an upload in one piece; the sizes and the hash are checked at the end."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str | None = None
    size_bytes: Annotated[int, Field(gt=0)] | None = None
    sha256: str | None = None
    tags: tuple[str, ...] | str | None = None
    language: str | None = None
    model: str | None = None
    lane: str | None = None
    prompt: str | None = None
    temperature: float | None = None
    task: str | None = None
    options: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfUpload:
    __pydantic_config__ = ConfigDict(extra="forbid")

    parts: tuple[int, ...] | None = None
    sha256: str | None = None


def uploads_router(served: UploadsInParts, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/uploads")

    @router.post("", status_code=201)
    async def begin(who: Annotated[Caller, Depends(caller)], asked: NewUpload) -> dict[str, Any]:
        described = asdict(asked)
        size_bytes, sha256 = described.pop("size_bytes"), described.pop("sha256")
        standing = await served.opening.open_upload(who.tenant, who.subject, fields_of(described), size_bytes, sha256)
        return _begun(standing, served.part_bytes_max)

    @router.get("/{upload_id}")
    async def look(who: Annotated[Caller, Depends(caller)], upload_id: UUID) -> dict[str, Any]:
        standing = await asyncio.to_thread(served.uploads.find, who.tenant, upload_id.hex)
        return {
            **_begun(standing, served.part_bytes_max),
            "status": "completed" if standing.answer else "receiving",
            "bytes": standing.size_bytes,
            "parts": [{"part": p.number, "bytes": p.size_bytes, "sha256": p.sha256} for p in standing.parts],
        }

    @router.put("/{upload_id}/parts/{number}")
    async def receive(
        who: Annotated[Caller, Depends(caller)],
        request: Request,
        upload_id: UUID,
        number: Annotated[int, Path(ge=1, le=PARTS_MOST)],
    ) -> dict[str, Any]:
        part = await served.parts.receive_part(who.tenant, upload_id.hex, number, request.headers, request.stream())
        return {"part": part.number, "bytes": part.size_bytes, "sha256": part.sha256}

    @router.post("/{upload_id}/complete")
    async def complete(
        who: Annotated[Caller, Depends(caller)], upload_id: UUID, end: EndOfUpload | None = None
    ) -> Response:
        completion = Completion(parts=end.parts, sha256=end.sha256) if end else Completion()
        received = await served.completing.complete_upload(who.tenant, upload_id.hex, completion)
        return answered(received)

    @router.delete("/{upload_id}", status_code=204)
    async def discard(who: Annotated[Caller, Depends(caller)], upload_id: UUID) -> None:
        standing = await asyncio.to_thread(served.uploads.find, who.tenant, upload_id.hex)
        await asyncio.to_thread(served.uploads.discard, standing)

    return router


def answered(received: Received) -> Response:
    """202 for a new recording, 200 for bytes that the tenant has sent before."""
    body = {"recording_id": received.recording_id, "job_id": received.job_id, "status": JobStatus.QUEUED}
    return JSONResponse(body, 202 if received.new else 200)


def answer_upload_errors(app: FastAPI) -> None:
    @app.exception_handler(TooLarge)
    async def too_large(request: Request, exc: TooLarge) -> Response:
        return problem(request, 413, exc.code, exc.detail)

    @app.exception_handler(UploadGone)
    async def gone(request: Request, exc: UploadGone) -> Response:
        return problem(request, 404, "not_found", str(exc))

    @app.exception_handler(ObjectChanged)
    async def changed(request: Request, exc: ObjectChanged) -> Response:
        return problem(request, 409, "upload_changed", f"{exc} Complete it again.")


def _begun(standing: Standing, part_bytes_max: int) -> dict[str, Any]:
    return {
        "upload_id": standing.upload.upload_id,
        "part_bytes_min": PART_BYTES_MIN,
        "part_bytes_max": part_bytes_max,
        "expires_at": standing.expires_at,
    }
