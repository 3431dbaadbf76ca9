"""What the gateway offers, as OpenAPI 3.1: from the routes themselves, and the documents that they name."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from ai2text.api_gateway.documents.administration import NewKey, NewWebhook, Retention
from ai2text.api_gateway.documents.datasets import CheckAsked, RunReport
from ai2text.api_gateway.documents.jobs import AskedJob
from ai2text.api_gateway.documents.openai import TranscriptionAsk, TranslationAsk
from ai2text.api_gateway.documents.problem import OpenAIError, Problem
from ai2text.api_gateway.documents.recordings import ChangedRecording, EndOfUpload, NewUpload
from ai2text.api_gateway.documents.transcripts import Edit, Replacement, Reversion, Split
from ai2text.api_gateway.openai_errors import PREFIXES
from ai2text.common.contracts.definition import Definition

BODIES = (
    *(NewKey, NewWebhook, TranscriptionAsk, TranslationAsk, Definition, AskedJob, NewUpload, EndOfUpload),
    *(ChangedRecording, Retention, Edit, Split, Replacement, Reversion, CheckAsked, RunReport),
)
"""Sent to us; routes that pass a body on name one of these by `body`."""
REF = "#/components/schemas/{model}"
DESCRIPTION = """Speech to text inside your own cluster: recordings go in, transcripts and datasets come out.

Send `Authorization: Bearer <token or API key>`. Each operation says which scope it needs. Errors are
`application/problem+json`, under `/v1/audio` and `/v1/models` in OpenAI's form; every answer has an `X-Request-Id`.
Lists have the newest first, and `after_id` takes the `next` of the page before. `GET /v1/events` is a WebSocket too."""
REFUSALS = {
    400: "The request says nothing that could be done.",
    401: "There is no token, or it is not valid.",
    403: "The token lacks the scope that is needed.",
    404: "There is no such thing of this tenant.",
    409: "What is there says otherwise.",
    410: "It was erased.",
    412: "It was changed meanwhile; the answer has what stands.",
    413: "The body is too large.",
    415: "The body is of a kind that is not taken, or has a Content-Encoding.",
    416: "There are no such bytes.",
    422: "A parameter, a field or the audio is refused; the detail names it.",
    428: "Send what you have seen in If-Match.",
    429: "Too much of this caller or tenant; come back after Retry-After seconds.",
    500: "The work was given up.",
    503: "A server behind this one does not answer; come back after Retry-After seconds.",
    504: "It takes longer than it is waited for, and goes on.",
}
BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    206: {
        "description": "The range",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    },
    304: {"description": "As `If-None-Match` knows it"},
    416: {"description": REFUSALS[416]},
}
"""For `responses` of a route that sends a file."""
ALWAYS = (401, 403, 422, 429, 503)
OF_BODIES = (400, 413, 415)
TO_COME_BACK = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}}}


def body(kind: type, *forms: str, required: bool = True) -> dict[str, Any]:
    """For `openapi_extra` of a route that reads its body itself, or hands it on; JSON, unless `forms` are named."""
    schema = {"$ref": REF.format(model=kind.__name__)}
    content = {form: {"schema": schema} for form in forms or ("application/json",)}
    return {"requestBody": {"required": required, "content": content}}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses` of a route: beyond those that every route has."""
    return {status: {"description": REFUSALS[status]} for status in statuses}


class DescribedApp(FastAPI):
    """Whose document says of every operation how it refuses."""

    def openapi(self) -> dict[str, Any]:
        document = get_openapi(title=self.title, version=self.version, description=DESCRIPTION, routes=self.routes)
        schemas = document["components"]["schemas"]
        schemas.update(_schemas())
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for path, operations in document["paths"].items():
            for operation in operations.values():
                _describe_refusals(path, operation)
        return document


def _schemas() -> dict[str, Any]:
    kinds: list[tuple[str, Literal["validation"], TypeAdapter[Any]]] = [
        (kind.__name__, "validation", TypeAdapter(kind)) for kind in (*BODIES, Problem, OpenAIError)
    ]
    _, found = TypeAdapter.json_schemas(kinds, ref_template=REF)
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _describe_refusals(path: str, operation: dict[str, Any]) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}
    openai = {"application/json": {"schema": {"$ref": REF.format(model="OpenAIError")}}}
    for status in _refused(path, operation):
        answer: dict[str, Any] = {"description": REFUSALS[status], "content": problem}
        if path.startswith(PREFIXES):  # what is no HTTP is refused before anybody knows where it was going
            answer["content"] = {**openai, **problem} if status == HTTPStatus.BAD_REQUEST else openai
        if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
            answer["headers"] = TO_COME_BACK
        operation["responses"][f"{status}"] = answer


def _refused(path: str, operation: dict[str, Any]) -> Iterator[int]:
    yield from ALWAYS
    if "{" in path:
        yield HTTPStatus.NOT_FOUND
    if "{recording_id}" in path:
        yield HTTPStatus.GONE
    if "requestBody" in operation:
        yield from OF_BODIES
    yield from (status for status in REFUSALS if f"{status}" in operation["responses"])
