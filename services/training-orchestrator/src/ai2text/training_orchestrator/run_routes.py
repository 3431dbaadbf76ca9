"""Training runs over REST; the paths are those of the outside."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException

from ai2text.common.caller_token import Authenticate
from ai2text.common.clock import utc_now
from ai2text.common.contracts.inside import Caller
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator.dataset import checked_name
from ai2text.training_orchestrator.report_run import Report, ReportRun
from ai2text.training_orchestrator.request_run import RequestRun
from ai2text.training_orchestrator.runs import Runs
from ai2text.training_orchestrator.training_run import Place, Run, RunConflict
from ai2text.training_orchestrator.versions import Versions


def run_router(store: ObjectStore, versions: Versions, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/datasets/{name}/versions/{version}/runs")
    runs = Runs(store)
    reporting, requesting = ReportRun(runs, versions, utc_now), RequestRun(runs, versions, utc_now)

    @router.get("")
    async def of_version(who: Annotated[Caller, Depends(caller)], name: str, version: int) -> dict[str, Any]:
        if await asyncio.to_thread(versions.find_claim, who.tenant, checked_name(name), version) is None:
            raise HTTPException(404, f"There is no version {version} of a dataset {name}.")
        withdrawn = await asyncio.to_thread(versions.find_withdrawal, who.tenant, name, version) is not None
        found = await asyncio.to_thread(runs.of_version, who.tenant, name, version)
        return {"items": [_told(run, withdrawn=withdrawn) for run in found], "next": None}

    @router.post("", status_code=202)
    async def request(who: Annotated[Caller, Depends(caller)], name: str, version: int) -> dict[str, Any]:
        try:
            run = await requesting.request_run(who.tenant, checked_name(name), version)
        except RunConflict as exc:
            raise HTTPException(409, exc.detail) from exc
        if run is None:
            raise HTTPException(404, f"There is no version {version} of a dataset {name}.")
        return _told(run, withdrawn=False)

    @router.post("/{run}")
    async def report(
        who: Annotated[Caller, Depends(caller)], name: str, version: int, run: int, report: Report
    ) -> dict[str, Any]:
        place = Place(tenant=who.tenant, name=checked_name(name), version=version, run=run)
        try:
            found = await reporting.report_run(place, report)
        except RunConflict as exc:
            raise HTTPException(409, exc.detail) from exc
        if found is None:
            raise HTTPException(404, f"There is no run {run} on version {version} of a dataset {name}.")
        withdrawn = await asyncio.to_thread(versions.find_withdrawal, who.tenant, name, version) is not None
        return _told(found, withdrawn=withdrawn)

    return router


def _told(run: Run, *, withdrawn: bool) -> dict[str, Any]:
    """What the outside sees."""
    return {
        "run": run.place.run,
        "status": run.status,
        "requested_at": run.requested_at,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "error": run.error,
        "metrics": run.metrics,
        "outputs": run.outputs,
        "trained_on_withdrawn": withdrawn and run.handed_to is not None,
    }
