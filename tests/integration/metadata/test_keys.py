"""API keys: shown once, kept as hashes, opening what their maker may and nothing else, until they are revoked."""

import json
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from ai2text.common.caller_token import authenticated
from ai2text.common.clock import utc_now
from ai2text.common.contracts.inside import Scope
from ai2text.common.contracts.keys import presented, written
from ai2text.common.problems import answer_errors_as_problems
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.routes.keys import answer_key_errors, keys_router
from tests.fixtures.inside import KEY, ask, ask_as_service

EVERYTHING = tuple(Scope)
READING = {"name": "nightly", "scopes": ["recordings:read"]}


@pytest.fixture
def app(database: Database) -> FastAPI:
    made = FastAPI()
    answer_errors_as_problems(made)
    answer_key_errors(made)
    made.include_router(keys_router(database, authenticated(KEY)))
    return made


async def issued(app: FastAPI, tenant: str = "acme", **asked: Any) -> dict[str, Any]:
    answer = await ask(app, "POST", "/v1/keys", tenant, EVERYTHING, json={**READING, **asked})
    assert answer.status_code == 201, answer.text
    key: dict[str, Any] = answer.json()
    return key


async def resolved(app: FastAPI, key: str) -> httpx.Response:
    known = presented(key)
    assert known is not None
    body = {"key_id": known.key_id, "secret_sha256": known.secret_sha256}
    return await ask_as_service(app, "POST", "/v1/keys/resolve", json=body)


async def listed(app: FastAPI, tenant: str = "acme", **params: Any) -> dict[str, Any]:
    page: dict[str, Any] = (await ask(app, "GET", "/v1/keys", tenant, EVERYTHING, params=params)).json()
    return page


async def test_a_key_opens_for_its_tenant_with_the_scopes_that_it_was_given(app: FastAPI) -> None:
    key = await issued(app)
    assert key["key"].startswith(f"a2t_{key['key_id']}_")
    answer = await resolved(app, key["key"])
    holder = {"tenant": "acme", "subject": f"key:{key['key_id']}", "scopes": ["recordings:read"]}
    assert (answer.status_code, answer.json()) == (200, holder)


async def test_a_key_is_shown_once_and_stands_nowhere(app: FastAPI, owner: psycopg.Connection) -> None:
    with capture_logs() as logs:
        key = await issued(app)
        await resolved(app, key["key"])
    secret = key["key"].rpartition(f"{key['key_id']}_")[2]
    (shown,) = (await listed(app))["items"]
    rows = owner.execute("SELECT to_jsonb(k)::text FROM api_keys k").fetchall()
    assert secret not in json.dumps(shown) + str(rows) + str(logs)
    assert set(shown) == {
        *("key_id", "name", "scopes", "created_at", "created_by", "expires_at", "last_used_at", "revoked_at")
    }
    assert (shown["name"], shown["scopes"], shown["created_by"]) == ("nightly", ["recordings:read"], "somebody")


async def test_unknown_mistyped_revoked_and_expired_keys_get_one_answer(
    app: FastAPI, owner: psycopg.Connection
) -> None:
    mistyped, revoked, expired = [await issued(app) for _ in range(3)]
    assert (await ask(app, "DELETE", f"/v1/keys/{revoked['key_id']}", "acme", EVERYTHING)).status_code == 204
    owner.execute("UPDATE api_keys SET expires_at = now() WHERE key_id = %s", (expired["key_id"],))
    wrong = written(mistyped["key_id"], "x" * 43)
    unknown = written("zzzzzzzz", "x" * 43)
    answers = [await resolved(app, key) for key in (wrong, unknown, revoked["key"], expired["key"])]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["detail"] for answer in answers}) == 1
    assert (await resolved(app, mistyped["key"])).status_code == 200


async def test_a_key_is_valid_until_its_time_and_cannot_be_made_for_the_past(app: FastAPI) -> None:
    later, before = utc_now() + timedelta(hours=1), utc_now() - timedelta(seconds=1)
    key = await issued(app, expires_at=later.isoformat())
    assert (await resolved(app, key["key"])).status_code == 200
    asked = {**READING, "expires_at": before.isoformat()}
    answer = await ask(app, "POST", "/v1/keys", "acme", EVERYTHING, json=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "already_expired")


async def test_nobody_gives_away_a_scope_that_they_lack(app: FastAPI, database: Database) -> None:
    asked = {"name": "more", "scopes": ["recordings:read", "datasets:write"]}
    answer = await ask(app, "POST", "/v1/keys", "acme", ("admin", "recordings:read"), json=asked)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_not_held")
    assert "datasets:write" in answer.json()["detail"]
    assert (await listed(app))["items"] == []


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": "", "scopes": ["admin"]},
        {"name": "a\0b", "scopes": ["admin"]},
        {"name": "x", "scopes": ["admin"], "expires_at": "2999-01-01T00:00:00"},
        {"name": "x", "scopes": ["admin"], "tenant": "other"},
    ],
    ids=str,
)
async def test_what_is_no_good_ask_is_refused_by_its_field(app: FastAPI, asked: dict[str, Any]) -> None:
    answer = await ask(app, "POST", "/v1/keys", "acme", EVERYTHING, json=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_only_admins_make_list_and_revoke_keys_and_only_services_resolve_them(app: FastAPI) -> None:
    for method, path in (("POST", "/v1/keys"), ("GET", "/v1/keys"), ("DELETE", "/v1/keys/abcd1234")):
        assert (await ask(app, method, path, "acme", json=READING)).status_code == 403
    body = {"key_id": "abcd1234", "secret_sha256": "0" * 64}
    assert (await ask(app, "POST", "/v1/keys/resolve", "acme", EVERYTHING, json=body)).status_code == 403


async def test_the_last_use_is_noted_once_a_minute(app: FastAPI, owner: psycopg.Connection) -> None:
    key = await issued(app)
    assert (await listed(app))["items"][0]["last_used_at"] is None
    await resolved(app, key["key"])
    first = (await listed(app))["items"][0]["last_used_at"]
    await resolved(app, key["key"])
    assert (await listed(app))["items"][0]["last_used_at"] == first is not None
    owner.execute("UPDATE api_keys SET last_used_at = now() - interval '61 seconds'")
    await resolved(app, key["key"])
    assert (await listed(app))["items"][0]["last_used_at"] > first


async def test_a_key_stays_revoked_since_the_first_time(app: FastAPI) -> None:
    key = await issued(app)
    since = set()
    for _ in range(2):
        assert (await ask(app, "DELETE", f"/v1/keys/{key['key_id']}", "acme", EVERYTHING)).status_code == 204
        since.add((await listed(app))["items"][0]["revoked_at"])
    assert len(since) == 1
    assert None not in since


async def test_keys_are_listed_page_by_page_the_newest_first(app: FastAPI) -> None:
    made = [(await issued(app, name=f"key {number}"))["key_id"] for number in range(5)]
    seen, after = list[str](), None
    while True:
        page = await listed(app, limit=2, **({"after_id": after} if after else {}))
        seen += [item["key_id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == made[::-1]


async def test_the_readers_role_cannot_even_select_the_hashes(database: Database) -> None:
    async with database.reading("acme") as connection:
        await connection.execute("SELECT key_id FROM api_keys")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.reading("acme") as connection:
            await connection.execute("SELECT secret_sha256 FROM api_keys")
