"""Every request has an id: in each log line, in the answer, and in what the services behind are told."""

import re
import time
from http import HTTPStatus
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from ai2text.api_gateway.audit_trail import AuditTrail
from ai2text.common import metrics, tracing

log = structlog.get_logger()

HEADER = "X-Request-Id"
BEGINNINGS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""A caller's own id is kept when it is of this form; anything else could break a log line."""


class RequestContext:
    def __init__(self, app: ASGIApp, trail: AuditTrail) -> None:
        self._app = app
        self._trail = trail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        method = scope.setdefault("method", "GET")  # so does a WebSocket begin
        headers = Headers(scope=scope)
        given = headers.get(HEADER, "")
        request_id = given if ACCEPTED.fullmatch(given) else str(uuid4())
        began = time.monotonic()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] in BEGINNINGS:
                status = message.get("status", HTTPStatus.SWITCHING_PROTOCOLS)
                message.setdefault("headers", [])
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with bound_contextvars(request_id=request_id), tracing.span(f"{method} http", headers):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                if leave := scope.get("state", {}).get("leave"):
                    leave()
                route = getattr(scope.get("route"), "path", "none")
                self._record(scope, route, status, time.monotonic() - began)
                self._trail.note(scope, route, status, request_id)

    @staticmethod
    def _record(scope: Scope, route: str, status: int, seconds: float) -> None:
        metrics.HTTP_SECONDS.labels(scope["method"], route, status).observe(seconds)
        log.info("request_answered", method=scope["method"], route=route, status=status, seconds=round(seconds, 4))
