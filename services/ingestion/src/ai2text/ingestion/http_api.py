"""The inside API of ingestion, for the gateway."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import Response

from ai2text.common.caller_token import authenticated
from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.problems import answer_errors_as_problems
from ai2text.common.tracing import OWN_SPANS_ONLY
from ai2text.ingestion.bucket_hooks import hooks_router
from ai2text.ingestion.hot_folder import HotFolder
from ai2text.ingestion.receive_upload import ReceiveUpload
from ai2text.ingestion.upload_api import UploadsInParts, answer_upload_errors, answered, uploads_router
from ai2text.ingestion.watched_buckets import WatchedBucket


def build_app(
    folders: Sequence[HotFolder],
    buckets: Sequence[WatchedBucket],
    uploads: ReceiveUpload,
    in_parts: UploadsInParts,
    caller_key: str,
) -> FastAPI:
    app = FastAPI(telemetry=OWN_SPANS_ONLY, openapi_url=None)
    answer_errors_as_problems(app)
    answer_upload_errors(app)

    caller = authenticated(caller_key)
    app.include_router(uploads_router(in_parts, caller))
    app.include_router(hooks_router({b.watch.bucket.name: b.hook for b in buckets if b.hook}))

    @app.post("/v1/recordings")
    async def receive(who: Annotated[Caller, Depends(caller)], request: Request) -> Response:
        received = await uploads.receive_upload(
            who.tenant, who.subject, request.headers, request.query_params, request.stream()
        )
        return answered(received)

    @app.get("/v1/status")
    async def status(who: Annotated[Caller, Depends(caller)]) -> dict[str, Any]:
        """The folders and buckets of the caller's tenant; with the scope `admin` all of them."""
        shown = [folder for folder in folders if folder.tenant == who.tenant or Scope.ADMIN in who.scopes]
        watches = [b.watch for b in buckets if b.watch.bucket.tenant == who.tenant or Scope.ADMIN in who.scopes]
        return {
            "folders": [asdict(folder.status()) for folder in shown],
            "buckets": [asdict(watch.status()) for watch in watches],
        }

    return app
