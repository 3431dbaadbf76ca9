"""What the OpenAPI document says holds for the running service: each status, each shape, and never an error of ours."""

import json
import re
from http.client import HTTPConnection
from typing import Any

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
from tests.fixtures.stack import Stack

DOCUMENT = standalone().openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 15
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
