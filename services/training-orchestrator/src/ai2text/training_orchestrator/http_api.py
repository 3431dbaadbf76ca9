"""The inside API of the training-orchestrator; the paths are those of the outside, the gateway passes them on."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response

from ai2text.common.caller_token import authenticated
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.cursors import bad_cursor, from_cursor, to_cursor
from ai2text.common.object_response import send_object
from ai2text.common.object_store import ObjectStore
from ai2text.common.paging import AfterId, Limit
from ai2text.common.problems import answer_errors_as_problems
from ai2text.common.tracing import OWN_SPANS_ONLY
from ai2text.training_orchestrator.dataset import Claim, Definition, VersionOutcome, checked_name
from ai2text.training_orchestrator.request_dataset import RequestDataset
from ai2text.training_orchestrator.versions import Versions

POLL_SECONDS = 0.2


def build_app(requests: RequestDataset, versions: Versions, store: ObjectStore, caller_key: str) -> FastAPI:
    app = FastAPI(telemetry=OWN_SPANS_ONLY, openapi_url=None)
    answer_errors_as_problems(app)
    caller = authenticated(caller_key)
    shelf = _Shelf(versions)

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
    ) -> dict[str, Any]:
        deadline = time.monotonic() + wait
        claim, outcome = await shelf.find(who.tenant, name, version)
        while outcome is None and time.monotonic() < deadline:
            await asyncio.sleep(POLL_SECONDS)
            claim, outcome = await shelf.find(who.tenant, name, version)
        return _version(claim, outcome)

    @app.get("/v1/datasets/{name}/versions/{version}/files/{path:path}")
    async def file(
        who: Annotated[Caller, Depends(caller)], name: str, version: int, path: str, request: Request
    ) -> Response:
        _, outcome = await shelf.find(who.tenant, name, version)
        found = next((listed for listed in outcome.files if listed.path == path), None) if outcome else None
        if found is None:
            raise HTTPException(404, f"Version {version} of {name} has no such file.")
        return await send_object(store, found.key, found.sha256, found.bytes, request.headers)

    return app


class _Shelf:
    """What stands, read in threads."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions

    async def find(self, tenant: str, name: str, version: int) -> tuple[Claim, VersionOutcome | None]:
        """Raises 404, Refused for what is no name."""
        claim = await asyncio.to_thread(self._versions.find_claim, tenant, checked_name(name), version)
        if claim is None:
            raise HTTPException(404, f"There is no version {version} of a dataset {name}.")
        return claim, await asyncio.to_thread(self._versions.find_outcome, tenant, name, version)

    async def newest(self, tenant: str, limit: int, after_id: str | None) -> dict[str, Any]:
        found = await asyncio.to_thread(self._versions.newest, tenant)
        names = sorted(name for name in found if after_id is None or name > _name(after_id))
        items = [_summary(*await self.find(tenant, name, found[name])) for name in names[:limit]]
        return {"items": items, "next": to_cursor(names[limit - 1].encode()) if len(names) > limit else None}


def _summary(claim: Claim, outcome: VersionOutcome | None) -> dict[str, Any]:
    return {
        "name": claim.definition.name,
        "version": claim.version,
        "status": outcome.status if outcome else DatasetStatus.BUILDING,
        "created_at": claim.created_at,
    }


def _version(claim: Claim, outcome: VersionOutcome | None) -> dict[str, Any]:
    """What the outside sees: paths, never keys."""
    files = outcome.files if outcome else ()
    return {
        **_summary(claim, outcome),
        "definition": claim.definition,
        "files": [{"path": file.path, "sha256": file.sha256, "bytes": file.bytes} for file in files],
        "report": outcome.report if outcome else None,
        "error": outcome.error if outcome else None,
    }


def _name(cursor: str) -> str:
    try:
        return from_cursor(cursor).decode()
    except UnicodeDecodeError as exc:
        raise bad_cursor() from exc
