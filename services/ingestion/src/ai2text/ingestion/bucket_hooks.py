"""MinIO's webhook form of a bucket's notifications."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request

from ai2text.ingestion.bucket_watch import BucketWatch
from ai2text.ingestion.request_body import checked

NOTIFICATION_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    watch: BucketWatch
    token: str


def hooks_router(hooks: Mapping[str, Hook]) -> APIRouter:
    """By the name of the watch. MinIO sends its `auth_token` as a bearer token; one of two words goes as it is."""
    router = APIRouter(prefix="/hooks/buckets")

    @router.post("/{name}")
    async def notify(request: Request, name: str, authorization: Annotated[str, Header()] = "") -> dict[str, str]:
        hook = hooks.get(name)
        if hook is None or not _fits(authorization, hook.token):
            raise HTTPException(401, "There is no such hook, or its token is another one.")
        chunks = [chunk async for chunk in checked(request.stream(), NOTIFICATION_MOST_BYTES)]
        hook.watch.notify(b"".join(chunks))
        return {"status": "heard"}

    return router


def _fits(authorization: str, token: str) -> bool:
    sent = authorization.removeprefix("Bearer ")
    return hmac.compare_digest(sent.encode(), token.removeprefix("Bearer ").encode())
