"""An object over HTTP, whole or one range of it, streamed from the object store."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from ai2text.common.object_store import ObjectStore

BLOCK_BYTES = 1 << 20
RANGE = re.compile(r"bytes=(\d*)-(\d*)")
PARTIAL_CONTENT, NOT_MODIFIED, RANGE_NOT_SATISFIABLE = 206, 304, 416


async def send_object(
    store: ObjectStore, key: str, sha256: str, size_bytes: int, headers: Mapping[str, str]
) -> Response:
    """One range is answered with 206; several, or a stale If-Range, with the whole, as RFC 9110 allows.

    What the caller has already, by If-None-Match, is answered with 304.
    """
    etag = f'"{sha256}"'
    if etag in {known.strip() for known in headers.get("if-none-match", "").split(",")}:
        return Response(status_code=NOT_MODIFIED, headers={"ETag": etag})
    span = _span(headers, size_bytes, etag)
    start, end = span or (0, size_bytes)
    answer = {"Accept-Ranges": "bytes", "ETag": etag, "Content-Length": str(end - start)}
    if span:
        answer["Content-Range"] = f"bytes {start}-{end - 1}/{size_bytes}"
    stored = await asyncio.to_thread(store.stat, key)
    return StreamingResponse(
        _blocks(store, key, start, end, stored.etag),
        PARTIAL_CONTENT if span else 200,
        answer,
        media_type="application/octet-stream",
    )


def _span(headers: Mapping[str, str], size_bytes: int, etag: str) -> tuple[int, int] | None:
    """First byte and the one after the last; raises 416 for a range that the object does not have."""
    asked = RANGE.fullmatch(headers.get("range", "").strip())
    if asked is None or asked.groups() == ("", "") or headers.get("if-range", etag) != etag:
        return None
    first, last = asked.groups()
    start = int(first) if first else max(0, size_bytes - int(last))
    end = min(int(last) + 1, size_bytes) if first and last else size_bytes
    if start >= end:
        raise HTTPException(
            RANGE_NOT_SATISFIABLE, "There are no such bytes.", {"Content-Range": f"bytes */{size_bytes}"}
        )
    return start, end


async def _blocks(store: ObjectStore, key: str, start: int, end: int, etag: str) -> AsyncIterator[bytes]:
    for offset in range(start, end, BLOCK_BYTES):
        yield await asyncio.to_thread(store.read, key, offset, min(BLOCK_BYTES, end - offset), etag)
