"""The inside API of the training-orchestrator; the paths are those of the outside, the gateway passes them on."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import StreamingResponse

from ai2text.common.caller_token import Authenticate, authenticated
from ai2text.common.clock import utc_now
from ai2text.common.contracts.definition import Definition
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.cursors import bad_cursor, from_cursor, to_cursor
from ai2text.common.object_response import send_object
from ai2text.common.object_store import ObjectStore
from ai2text.common.paging import AfterId, Limit
from ai2text.common.problems import answer_errors_as_problems
from ai2text.common.tracing import OWN_SPANS_ONLY
from ai2text.training_orchestrator.check_routes import check_router
from ai2text.training_orchestrator.check_versions import CheckVersions
from ai2text.training_orchestrator.dataset import Claim, Rebuild, RebuildOutcome, VersionOutcome, checked_name
from ai2text.training_orchestrator.end_trigger import EndTrigger
from ai2text.training_orchestrator.rebuild_dataset import RebuildDataset
from ai2text.training_orchestrator.rebuilds import Rebuilds
from ai2text.training_orchestrator.request_dataset import RequestDataset
from ai2text.training_orchestrator.run_routes import run_router
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.versions import Versions

POLL_SECONDS = 0.2
BLOCK_BYTES = 64 << 10


def build_app(
    requests: RequestDataset,
    rebuilding: RebuildDataset,
    checks: CheckVersions,
    versions: Versions,
    store: ObjectStore,
    caller_key: str,
) -> FastAPI:
    app = FastAPI(telemetry=OWN_SPANS_ONLY, openapi_url=None)
    answer_errors_as_problems(app)
    caller = authenticated(caller_key)
    shelf, contents = _Shelf(versions, rebuilding.rebuilds), VersionFiles(store, versions)

    @app.post("/v1/datasets", status_code=202)
    async def request(who: Annotated[Caller, Depends(caller)], definition: Definition) -> dict[str, Any]:
        claim = await requests.request_dataset(who, definition)
        return {"name": definition.name, "version": claim.version, "status": DatasetStatus.BUILDING}

    @app.get("/v1/datasets")
    async def newest(
        who: Annotated[Caller, Depends(caller)],
        limit: Limit = 100,
        after_id: AfterId = None,
    ) -> dict[str, Any]:
        return await shelf.newest(who.tenant, limit, after_id)

    @app.get("/v1/datasets/{name}/versions/{version}")
    async def one(
        who: Annotated[Caller, Depends(caller)],
        name: str,
        version: int,
        wait: Annotated[float, Query(ge=0, le=60)] = 0,
    ) -> Response:
        deadline = time.monotonic() + wait
        found = await shelf.find(who.tenant, name, version)
        while found.is_being_made and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
            found = await shelf.find(who.tenant, name, version)
        blocks = _blocks(_version(found, contents))
        first = await asyncio.to_thread(next, blocks)  # what fails at once is an answer yet
        return StreamingResponse(chain([first], blocks), media_type="application/json")

    @app.post("/v1/datasets/{name}/versions/{version}/rebuild", status_code=202)
    async def rebuild(who: Annotated[Caller, Depends(caller)], name: str, version: int) -> dict[str, Any]:
        found = await shelf.find(who.tenant, name, version)
        await asyncio.to_thread(rebuilding.rebuildable, found.claim)
        begun = await requests.request_rebuild(who, found.claim)
        return {"name": name, "version": version, "status": found.status, "rebuild": _rebuild(begun, None)}

    @app.get("/v1/datasets/{name}/versions/{version}/files/{path:path}")
    async def file(
        who: Annotated[Caller, Depends(caller)], name: str, version: int, path: str, request: Request
    ) -> Response:
        found = await shelf.find(who.tenant, name, version)
        if found.status is DatasetStatus.WITHDRAWN:
            raise HTTPException(410, _why_withdrawn(found.claim))
        file = await asyncio.to_thread(contents.find, found.outcome, path) if found.outcome else None
        if file is None:
            raise HTTPException(404, f"Version {version} of {name} has no such file.")
        return await send_object(store, file.key, file.sha256, file.bytes, request.headers)

    app.include_router(_trigger_router(EndTrigger(versions, utc_now), caller))
    app.include_router(check_router(checks, versions, caller))
    app.include_router(run_router(store, versions, caller))
    return app


def _trigger_router(ending: EndTrigger, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/datasets/{name}/trigger")

    @router.delete("", status_code=204)
    async def end_trigger(who: Annotated[Caller, Depends(caller)], name: str) -> None:
        if not await ending.end_trigger(who, name):
            raise HTTPException(404, f"There is no dataset {name} with a trigger.")

    return router


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    claim: Claim
    outcome: VersionOutcome | None
    withdrawn: bool
    rebuild: Rebuild | None = None
    rebuilt: RebuildOutcome | None = None

    @property
    def is_being_made(self) -> bool:
        return self.status is DatasetStatus.BUILDING or (self.rebuild is not None and self.rebuilt is None)

    @property
    def status(self) -> DatasetStatus:
        if self.withdrawn:
            return DatasetStatus.WITHDRAWN
        return self.outcome.status if self.outcome else DatasetStatus.BUILDING


class _Shelf:
    """What stands, read in threads."""

    def __init__(self, versions: Versions, rebuilds: Rebuilds) -> None:
        self._versions = versions
        self._rebuilds = rebuilds

    async def find(self, tenant: str, name: str, version: int) -> _Version:
        """Raises 404, Refused for what is no name."""
        return await asyncio.to_thread(self._find, tenant, checked_name(name), version)

    def _find(self, tenant: str, name: str, version: int) -> _Version:
        claim = self._versions.find_claim(tenant, name, version)
        if claim is None:
            raise HTTPException(404, f"There is no version {version} of a dataset {name}.")
        newest = self._rebuilds.newest(claim)
        return _Version(
            claim=claim,
            outcome=self._versions.find_outcome(tenant, name, version),
            withdrawn=self._versions.find_withdrawal(tenant, name, version) is not None,
            rebuild=self._rebuilds.find(claim, newest) if newest else None,
            rebuilt=self._rebuilds.find_outcome(claim, newest) if newest else None,
        )

    async def newest(self, tenant: str, limit: int, after_id: str | None) -> dict[str, Any]:
        found = await asyncio.to_thread(self._versions.newest, tenant)
        names = sorted(name for name in found if after_id is None or name > _name(after_id))
        items = [_summary(await self.find(tenant, name, found[name])) for name in names[:limit]]
        return {"items": items, "next": to_cursor(names[limit - 1].encode()) if len(names) > limit else None}


def _summary(found: _Version) -> dict[str, Any]:
    return {
        "name": found.claim.definition.name,
        "version": found.claim.version,
        "status": found.status,
        "created_at": found.claim.created_at,
    }


def _version(found: _Version, contents: VersionFiles) -> Iterator[bytes]:
    """What the outside sees: paths, never keys, and of a version that was withdrawn no files. They may be millions."""
    outcome = found.outcome
    error = Reason(code="withdrawn", detail=_why_withdrawn(found.claim)) if found.withdrawn else None
    about = {
        **_summary(found),
        "definition": found.claim.definition,
        "triggered_by": found.claim.triggered.by if found.claim.triggered else None,
        "report": outcome.report if outcome else None,
        "error": error or (outcome.error if outcome else None),
        "rebuild": _rebuild(found.rebuild, found.rebuilt) if found.rebuild else None,
    }
    yield json.dumps(jsonable_encoder(about))[:-1].encode() + b', "files": ['
    listed = chain(outcome.files, contents.audio(outcome)) if outcome and not found.withdrawn else ()
    for number, file in enumerate(listed):
        told = {"path": file.path, "sha256": file.sha256, "bytes": file.bytes}
        yield (b", " if number else b"") + json.dumps(told).encode()
    yield b"]}"


def _rebuild(begun: Rebuild, ended: RebuildOutcome | None) -> dict[str, Any]:
    return {
        "number": begun.number,
        "status": ended.status if ended else DatasetStatus.BUILDING,
        "error": ended.error if ended else None,
        "created_at": begun.created_at,
    }


def _blocks(parts: Iterator[bytes]) -> Iterator[bytes]:
    block = bytearray()
    for part in parts:
        block += part
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def _why_withdrawn(claim: Claim) -> str:
    return (
        f"Version {claim.version} of {claim.definition.name} was withdrawn and its files erased, because a recording "
        "in it was erased: build it again, and the next version is without that recording."
    )


def _name(cursor: str) -> str:
    try:
        return from_cursor(cursor).decode()
    except UnicodeDecodeError as exc:
        raise bad_cursor() from exc
