"""A new API key: shown once, kept as a hash."""

import secrets
from datetime import datetime
from typing import Any

import structlog

from ai2text.common.contracts.inside import Caller, Scope
from ai2text.common.contracts.keys import ID_CHARACTERS, ID_LENGTH, presented, written
from ai2text.common.errors import Refused
from ai2text.metadata.postgres.keys import insert_key
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.postgres.tenants import save_tenants

log = structlog.get_logger()

SECRET_BYTES = 32


class ScopesNotHeld(Refused):
    """Somebody wanted to give away what they do not have; answered with 403."""


async def issue_key(
    database: Database, who: Caller, name: str, scopes: frozenset[Scope], expires_at: datetime | None
) -> dict[str, Any]:
    """The key with its row, for the caller's own tenant. Raises ScopesNotHeld, Refused, CatalogueUnavailable."""
    lacking = scopes - who.scopes
    if lacking:
        raise ScopesNotHeld("scope_not_held", f"You do not have {', '.join(sorted(lacking))}, so no key of yours can.")
    key_id = "".join(secrets.choice(ID_CHARACTERS) for _ in range(ID_LENGTH))
    key = written(key_id, secrets.token_urlsafe(SECRET_BYTES))
    hashed = presented(key)
    assert hashed is not None, "what is written here is a key by its form"  # noqa: S101 - says so to mypy
    async with database.transaction() as connection:
        await save_tenants(connection, [who.tenant])
        row = await insert_key(connection, who, hashed, name, sorted(scopes), expires_at)
    if row is None:
        raise Refused("already_expired", "expires_at has passed already: name a time to come, or none.")
    log.info("key_issued", key_id=key_id, tenant=who.tenant, by=who.subject)
    return {**row, "key": key}
