"""The audit trail: each entry once, nothing of it ever changed, and read by admins."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi import FastAPI

from ai2text.common.caller_token import authenticated
from ai2text.common.contracts.audit import AuditEntry
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.inside import Scope
from ai2text.common.problems import answer_errors_as_problems
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.routes.audit import audit_router
from tests.fixtures.examples import NOW
from tests.fixtures.inside import KEY, ask, ask_as_service

ENTRY = AuditEntry(
    audit_id="5a4f3b2e-8e3b-5e8a-b08f-a02d8b7e6f06",
    at=NOW,
    tenant="acme",
    subject="cli",
    request_id="request-1",
    action="DELETE /v1/keys/{key_id}",
    target="/v1/keys/abcd1234",
    status=204,
    client="192.0.2.7",
)


@pytest.fixture
def app(database: Database) -> FastAPI:
    made = FastAPI()
    answer_errors_as_problems(made)
    made.include_router(audit_router(database, authenticated(KEY)))
    return made


async def write(app: FastAPI, *entries: AuditEntry) -> None:
    answer = await ask_as_service(app, "POST", "/v1/audit", json=json.loads(encode(entries)))
    assert answer.status_code == 201, answer.text


async def trail(app: FastAPI, **params: Any) -> list[dict[str, Any]]:
    answer = await ask(app, "GET", "/v1/audit", "anybody", (Scope.ADMIN,), params=params)
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_an_entry_is_kept_once_however_often_it_is_told(app: FastAPI) -> None:
    other = replace(ENTRY, audit_id=str(uuid4()), tenant=None, subject=None, client=None, status=401)
    await write(app, ENTRY)
    await write(app, ENTRY, other, other)
    newest, oldest = await trail(app)
    assert (newest["audit_id"], newest["tenant"], newest["status"]) == (other.audit_id, None, 401)
    assert oldest["target"] == "/v1/keys/abcd1234"
    assert oldest["at"] == "2026-11-20T12:30:15.250000Z"


async def test_the_trail_can_be_read_of_one_tenant(app: FastAPI) -> None:
    await write(app, ENTRY, replace(ENTRY, audit_id=str(uuid4()), tenant="other"))
    assert [entry["tenant"] for entry in await trail(app, tenant="acme")] == ["acme"]


async def test_only_services_write_it_and_only_admins_read_it(app: FastAPI) -> None:
    assert (
        await ask(app, "POST", "/v1/audit", "acme", tuple(Scope), json=json.loads(encode((ENTRY,))))
    ).status_code == 403
    assert (await ask(app, "GET", "/v1/audit", "acme")).status_code == 403


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET status = 200", "DELETE FROM audit", "TRUNCATE audit", "ALTER TABLE audit DROP at"]
)
@pytest.mark.parametrize("role", ["ai2text_writer", "ai2text_reader"])
async def test_no_role_of_the_service_changes_what_is_written(
    app: FastAPI, owner: psycopg.Connection, role: str, statement: str
) -> None:
    await write(app, ENTRY)
    owner.execute(f"SET ROLE {role}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        owner.execute(statement)
    owner.execute("RESET ROLE")
    assert owner.execute("SELECT status FROM audit").fetchall() == [(204,)]
