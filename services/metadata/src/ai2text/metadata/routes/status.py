"""What the pipeline is doing."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.metadata.report_status import ReportStatus


def status_router(report: ReportStatus, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/status")

    @router.get("")
    async def status(who: Annotated[Caller, Depends(caller)]) -> dict[str, Any]:
        """Of the caller's tenant; with the scope `admin` of all tenants, and what knows no tenant."""
        return await (report.of_everything() if Scope.ADMIN in who.scopes else report.of_tenant(who.tenant))

    return router
