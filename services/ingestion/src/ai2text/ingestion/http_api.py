"""The inside API of ingestion, for the gateway."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header
from structlog.contextvars import bind_contextvars

from ai2text.common.caller_token import HEADER, verify
from ai2text.common.contracts.inside import Caller
from ai2text.common.problems import answer_errors_as_problems
from ai2text.ingestion.hot_folder import HotFolder


def build_app(folders: Sequence[HotFolder], caller_key: str) -> FastAPI:
    app = FastAPI(openapi_url=None)
    answer_errors_as_problems(app)

    async def caller(token: Annotated[str | None, Header(alias=HEADER)] = None) -> Caller:
        who = verify(token, caller_key)
        bind_contextvars(request_id=who.request_id)
        return who

    @app.get("/v1/status")
    async def status(who: Annotated[Caller, Depends(caller)]) -> dict[str, Any]:
        """The folders of the caller's tenant; with the scope `admin` all of them."""
        shown = [folder for folder in folders if folder.tenant == who.tenant or "admin" in who.scopes]
        return {"folders": [asdict(folder.status()) for folder in shown]}

    return app
