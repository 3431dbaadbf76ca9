"""What the OpenAPI document says holds for the running service: each status, each shape, and never an error of ours."""

import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema_rs import validator_for
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ai2text.common.contracts.inside import Scope
from tests.fixtures.gateway import standalone
from tests.fixtures.stack import SAMPLES, Stack

DOCUMENT = standalone().openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 8
OPERATIONS = [(path, method, operation) for path, ops in DOCUMENT["paths"].items() for method, operation in ops.items()]
SLOW = HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_every_operation_has_exactly_one_scope_and_a_summary(path: str, method: str, operation: dict[str, Any]) -> None:
    ((scope,),) = [needed["HTTPBearer"] for needed in operation["security"]]
    assert scope in list(Scope), (path, method)
    assert operation["summary"]


def test_every_example_fits_its_schema() -> None:
    def examples(schema: Any) -> list[tuple[Any, Any]]:
        match schema:
            case {"examples": [*found], **rest}:
                return [(rest, example) for example in found]
            case dict():
                return [one for inner in schema.values() for one in examples(inner)]
            case list():
                return [one for inner in schema for one in examples(inner)]
        return []

    found = examples(DOCUMENT)
    assert len(found) > 40
    for schema, example in found:
        whole = {**schema, "components": DOCUMENT["components"]}
        assert validator_for(whole).is_valid(example), (schema, example)


def everything_but_models(stack: Stack, tenant: str) -> str:
    """A token for all but what other tests need: models are the installation's."""
    scopes = [scope for scope in Scope if scope is not Scope.MODELS_WRITE]
    return stack.token("--tenant", tenant, *(word for scope in scopes for word in ("--scope", scope)))


@pytest.fixture(scope="module")
def fuzzer(stack: Stack) -> str:
    return everything_but_models(stack, "fuzzed")


@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
def test_whatever_is_sent_the_answer_is_one_that_the_document_knows(
    case: schemathesis.Case[Any], stack: Stack, fuzzer: str
) -> None:
    if case.operation.path == "/v1/events":
        case.query = {**(case.query or {}), "wait": 0}  # a stream would never end
    case.call_and_validate(base_url=stack.url, headers={"Authorization": f"Bearer {fuzzer}"}, checks=CHECKS, timeout=30)


TRAVERSALS = [
    *(
        "..",
        ".",
        "../../v1/status",
        "..%2f..%2fv1%2fstatus",
        "..%5c..%5cetc",
        "%2e%2e/%2e%2e/v1/keys",
        "%252e%252e%252fx",
    ),
    *("%00", "x%00y", "%0d%0aX-Evil:%201", "x%3Fscope=admin", "x%23fragment", "x;y=z", "%2Fetc%2Fpasswd", "%ff%fe"),
    *(
        "%c0%af",
        "//evil.example/",
        "http:%2f%2fevil.example",
        "@evil.example",
        "a" * 2000,
        "%F0%9F%92%A9",
        "1%20OR%201",
    ),
    *("';--", "*", "-"),
]
WITH_PARAMETERS = [(method.upper(), path) for path, method, _ in OPERATIONS if "{" in path]


@pytest.mark.parametrize(("method", "path"), WITH_PARAMETERS)
def test_whatever_is_named_in_a_path_is_only_a_name_that_is_not_there(
    stack: Stack, tenant: str, method: str, path: str
) -> None:
    """Sent as it is: other clients would resolve the dots themselves."""
    headers = {"Authorization": f"Bearer {everything_but_models(stack, tenant)}", "Content-Type": "application/json"}
    body = b"{}" if method in {"POST", "PUT"} else b""
    connection = HTTPConnection(stack.url.removeprefix("http://"), timeout=30)
    for evil in TRAVERSALS:
        connection.request(method, re.sub(r"\{\w+\}", lambda _: evil, path), body, headers)  # noqa: B023
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status in {403, 404, 405, 422}, (evil, said)
        assert answer.getheader("location") is None
        assert json.loads(said), "explained, in the form of its clients"
    connection.close()


CLIP = SAMPLES / "silence.wav"
EVIL_TEXTS = [
    "\0",
    "a\0b",
    "\ud800",
    "\udfff\ud800",
    "\uffff",
    "\u202e",
    "\r\nX: y",
    "x" * 10_000,
    "${jndi:x}",
    "{}",
    "",
]
EVIL_BODIES = [
    *(
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"[" * 500 + b"]" * 500,
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"0",
        b"NaN",
        b"\xff\xfe",
    ),
    *(b"\xef\xbb\xbf{}", b"{}{}", b'{"a":1,"a":2}', b" " * 1_000_000, b"1" * 100_000, b'{"recording_id": 1e999}'),
]
WITH_DOCUMENT = [
    (method.upper(), path, operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2])
    for path, method, operation in OPERATIONS
    if "application/json" in operation.get("requestBody", {}).get("content", {}) and not path.startswith("/v1/audio")
]


def evil_documents(name: str, recording: str) -> Iterator[dict[str, Any]]:
    """Right but for one field, which holds each of the texts in turn; and the text itself as a field."""
    fields = DOCUMENT["components"]["schemas"][name]["properties"]
    right = {
        "name": "evil",
        "scopes": ["admin"],
        "url": "https://x.example",
        "events": ["dataset.assembled"],
        "recording_id": recording,
    }
    for text in EVIL_TEXTS:
        for field in fields:
            yield {**{key: value for key, value in right.items() if key in fields}, field: text}
            yield {field: [text]}
        yield {text: 1}
        for field in ("initial_prompt", "hotwords", "language"):
            yield {"recording_id": recording, "options": {field: text}}


@pytest.mark.parametrize(("method", "path", "name"), WITH_DOCUMENT)
def test_whatever_stands_in_a_document_it_is_taken_or_refused_and_breaks_nothing(
    stack: Stack, tenant: str, method: str, path: str, name: str
) -> None:
    token = everything_but_models(stack, tenant)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    received = stack.post("/v1/recordings", token=token, content=CLIP.read_bytes()).json()
    documents = (json.dumps(document).encode() for document in evil_documents(name, received["recording_id"]))
    url = stack.url + re.sub(r"\{\w+\}", "00000000-0000-0000-0000-000000000000", path)
    with httpx.Client(headers=headers, trust_env=False) as client:
        for body in (*EVIL_BODIES, *documents):
            answer = client.request(method, url, content=body)
            assert answer.status_code < 500, (body[:200], answer.text)
