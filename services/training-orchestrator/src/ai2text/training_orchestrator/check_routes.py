"""Checks of versions over REST; the paths are those of the outside."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.states import DatasetStatus
from ai2text.training_orchestrator.check_versions import CheckReport, CheckVersions
from ai2text.training_orchestrator.dataset import Claim, VersionOutcome, checked_name
from ai2text.training_orchestrator.versions import Versions

AGAIN_SECONDS = 5
AGAIN = {"Retry-After": f"{AGAIN_SECONDS}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAsked:
    version: int | None = None
    """The newest one unless it is given."""


def check_router(checks: CheckVersions, versions: Versions, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/datasets/{name}/check")

    @router.post("")
    async def check(
        who: Annotated[Caller, Depends(caller)],
        name: str,
        response: Response,
        asked: CheckAsked | None = None,
        wait: Annotated[float, Query(ge=0, le=60)] = 10,
    ) -> dict[str, Any]:
        wanted = asked.version if asked else None
        claim, outcome = await asyncio.to_thread(_published, versions, who.tenant, checked_name(name), wanted)
        report = await checks.check_version(claim, outcome, wait)
        if report is None:
            response.status_code = 202
            response.headers.update(AGAIN)
        return {
            "name": name,
            "version": claim.version,
            "status": "checked" if report else "checking",
            "checked_at": report.checked_at if report else None,
            "formats": list(_formats(report)) if report else [],
        }

    return router


def _published(versions: Versions, tenant: str, name: str, wanted: int | None) -> tuple[Claim, VersionOutcome]:
    """Raises 404, 409 and 410. Blocking."""
    number = wanted if wanted is not None else max(versions.numbers(tenant, name), default=0)
    claim = versions.find_claim(tenant, name, number)
    if claim is None:
        raise HTTPException(
            404, f"There is no {f'version {wanted} of a ' if wanted is not None else ''}dataset {name}."
        )
    if versions.find_withdrawal(tenant, name, number):
        raise HTTPException(410, f"Version {number} of {name} was withdrawn, because a recording in it was erased.")
    outcome = versions.find_outcome(tenant, name, number)
    if outcome is None or outcome.status is not DatasetStatus.PUBLISHED:
        raise HTTPException(409, f"Version {number} of {name} is not published, so there is nothing to check.")
    return claim, outcome


def _formats(report: CheckReport) -> Iterator[dict[str, Any]]:
    for form, found in report.formats.items():
        yield {
            "format": form,
            "rows": found.rows,
            "result": f"{found.violations} violations" if found.violations else "rules checked, reader not installed",
            "violation_count": found.violations,
            "violations": found.first,
        }
