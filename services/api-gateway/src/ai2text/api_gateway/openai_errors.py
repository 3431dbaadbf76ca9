"""Errors as OpenAI's clients read them: always the four keys, `param` and `code` possibly null."""

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from ai2text.common.problems import problem

PREFIXES = ("/v1/audio", "/v1/models")
TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
LOWEST_SERVER_ERROR = 500
DO_NOT_RETRY = {"x-should-retry": "false"}
"""The official client repeats 5xx by itself unless it is told not to."""


class OpenAIRefused(Exception):
    """Answered in OpenAI's form, with `param` naming the field at fault."""

    def __init__(
        self, status: int, message: str, *, code: str, param: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.headers = headers


def openai_error(error: OpenAIRefused) -> JSONResponse:
    return JSONResponse(error_body(error), error.status, headers=error.headers)


def error_body(error: OpenAIRefused) -> dict[str, Any]:
    server = error.status >= LOWEST_SERVER_ERROR
    kind = TYPES.get(error.status, "server_error" if server else "invalid_request_error")
    return {"error": {"message": error.message, "type": kind, "param": error.param, "code": error.code}}


def rendered(
    request: Request, status: int, code: str, detail: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    """The form that the path's clients expect."""
    if request.url.path.startswith(PREFIXES):
        return openai_error(OpenAIRefused(status, detail, code=code, headers=headers))
    return problem(request, status, code, detail, headers)
