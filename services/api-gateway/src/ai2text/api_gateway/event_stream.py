"""Server-sent events, as HTML wants them: a block of lines for each, a comment where there is nothing to say."""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

SILENCE = b":\n\n"
"""Tells proxies, and us, that both ends are still there."""
EVENT_STREAM = {"text/event-stream": {"schema": {"type": "string"}}}
"""As OpenAPI has it."""
AGAIN = b"retry: 2000\n\n"
"""After so many milliseconds a reader whose stream has ended comes back."""


def event_stream(blocks: AsyncIterator[bytes]) -> StreamingResponse:
    return StreamingResponse(
        blocks, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


def block(data: dict[str, Any], name: str | None = None, place: str | None = None) -> bytes:
    """ASCII: some readers take more characters for the end of a line than the format does."""
    lines = [f"event: {name}"] if name else []
    lines += [f"id: {place}"] if place is not None else []
    return "\n".join([*lines, f"data: {json.dumps(data)}", "", ""]).encode()


def only_place(place: str) -> bytes:
    """Nothing has happened up to there: a reader that comes back need not ask about it."""
    return f"id: {place}\n\n".encode()
