"""No body without bound: documents are small, audio is what it may be, and neither is unpacked.

FastAPI's own `max_body_size` asks the route first, which asks a service, and answers in plain text.
"""

import re

from fastapi import HTTPException, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ai2text.api_gateway.openai_errors import rendered

DOCUMENT_BYTES = 1 << 20
AUDIO = re.compile(r"/v1/(recordings|uploads/[^/]+/parts/[^/]+|audio/(transcriptions|translations))/?")
PLAIN = ("", "identity")


class BodyLimits:
    """Who says the length is refused before sending anything, who does not is stopped on the way."""

    def __init__(self, app: ASGIApp, audio_bytes: int) -> None:
        self._app = app
        self._audio_bytes = audio_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        most = self._audio_bytes if AUDIO.fullmatch(request.url.path) else DOCUMENT_BYTES
        if request.headers.get("content-encoding", "") not in PLAIN:
            refusal = rendered(request, 415, "content_encoding", "Send the body as it is, without Content-Encoding.")
        elif int(request.headers.get("content-length") or 0) > most:
            refusal = rendered(request, 413, "too_large", _too_large(most))
        else:
            await self._app(scope, _counted(receive, most), send)
            return
        await refusal(scope, receive, send)


def _counted(receive: Receive, most: int) -> Receive:
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise HTTPException(413, _too_large(most))
        return message

    return counted


def _too_large(most: int) -> str:
    return f"The body may have {most} bytes."
