"""What datasets are made from."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from ai2text.common.caller_token import Authenticate
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.inside import Caller
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.snapshot import snapshot, snapshot_size


def snapshot_router(database: Database, caller: Authenticate) -> APIRouter:
    router = APIRouter(prefix="/v1/snapshot")

    @router.get("")
    async def transcribed(
        who: Annotated[Caller, Depends(caller)],
        words_longer_than: Annotated[float | None, Query(ge=0, allow_inf_nan=False)] = None,
    ) -> Response:
        """One TranscribedRecording a line, all of one moment; for services, not on the outside.

        Segments of more than so many seconds bring their words; unless it is given, none do.
        """
        return _ClosedStream(_lines(database, who.tenant, words_longer_than), media_type="application/jsonl")

    @router.get("/size")
    async def size(who: Annotated[Caller, Depends(caller)]) -> Response:
        """A SnapshotSize; for services, not on the outside."""
        return Response(encode(await snapshot_size(database, who.tenant)), media_type="application/json")

    return router


async def _lines(database: Database, tenant: str, words_longer_than: float | None) -> AsyncGenerator[bytes, None]:
    async with aclosing(snapshot(database, tenant, words_longer_than)) as rows:
        async for row in rows:
            yield encode(row) + b"\n"


class _ClosedStream(StreamingResponse):
    """Closes what it streams also when the reader goes away, so that the connection is given back at once."""

    def __init__(self, lines: AsyncGenerator[bytes, None], media_type: str) -> None:
        super().__init__(lines, media_type=media_type)
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._lines):
            await super().__call__(scope, receive, send)
