"""Errors over HTTP, as RFC 9457 wants them: one form for the gateway and the services behind it."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, ValidationException
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from structlog.contextvars import get_contextvars

from ai2text.common.caller_token import CallerUnknown
from ai2text.common.errors import Refused, Unavailable

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"


def problem(
    request: Request,
    status: int,
    code: str,
    detail: str,
    headers: dict[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """`code` is stable and for machines, `detail` says to people what to do; the request id finds it in the logs.

    `more` are members of this problem's own.
    """
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "instance": request.url.path,
        "request_id": get_contextvars().get("request_id"),
        **(more or {}),
    }
    return JSONResponse(body, status, media_type=MEDIA_TYPE, headers=headers)


def faults(exc: ValidationException) -> str:
    """Each with the name of its field."""
    return "; ".join(f"{'.'.join(map(str, e['loc'][1:]))}: {e['msg']}" for e in exc.errors())


Render = Callable[[Request, int, str, str, dict[str, str] | None], Response]
"""Given status, code, detail and headers; `problem`, or another form for some paths."""


def answer_errors_as_problems(app: FastAPI, render: Render = problem) -> None:
    @app.exception_handler(HTTPException)
    async def http(request: Request, exc: HTTPException) -> Response:
        code = HTTPStatus(exc.status_code).name.lower()
        return render(request, exc.status_code, code, exc.detail, dict(exc.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, exc: RequestValidationError) -> Response:
        return render(request, 422, "invalid_request", faults(exc), None)

    @app.exception_handler(500)
    async def broken(request: Request, _: Exception) -> Response:
        return render(
            request, 500, "internal_error", "Something broke here; the request id finds it in the logs.", None
        )

    @app.exception_handler(CallerUnknown)
    async def unknown(request: Request, exc: CallerUnknown) -> Response:
        return render(request, 401, exc.code, exc.detail, None)

    @app.exception_handler(Refused)
    async def refused(request: Request, exc: Refused) -> Response:
        return render(request, 422, exc.code, exc.detail, None)

    @app.exception_handler(Unavailable)
    async def unavailable(request: Request, exc: Unavailable) -> Response:
        log.warning("answered_unavailable", path=request.url.path, error=str(exc))
        return render(
            request, 503, "unavailable", "A server behind this one does not answer; try again.", {"Retry-After": "2"}
        )

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, _: ClientDisconnect) -> Response:
        return render(request, 400, "incomplete_request", "The request broke off; nothing of it was kept.", None)
