"""Rows of API keys: of their secrets only hashes, and none is ever deleted, for the audit trail names them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import DictRow

from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.keys import PresentedKey
from ai2text.metadata.postgres.pool import Connection

USE_NOTED_SECONDS = 60
"""How exact `last_used_at` is: a key that is used all the time is written once a minute."""


async def insert_key(
    connection: Connection,
    who: Caller,
    key: PresentedKey,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
) -> dict[str, Any] | None:
    """The row as it may be shown; None when its time has passed already, by the database's clock."""
    cursor = await connection.execute(
        """
        INSERT INTO api_keys (key_id, tenant, name, scopes, secret_sha256, created_by, expires_at)
        SELECT %(key_id)s, %(tenant)s, %(name)s, %(scopes)s, %(secret)s, %(created_by)s, %(expires_at)s::timestamptz
        WHERE %(expires_at)s::timestamptz IS NULL OR %(expires_at)s > now()
        RETURNING key_id, name, scopes, created_at, created_by, expires_at
        """,
        {
            "key_id": key.key_id,
            "tenant": who.tenant,
            "name": name,
            "scopes": list(scopes),
            "secret": key.secret_sha256,
            "created_by": who.subject,
            "expires_at": expires_at,
        },
    )
    return await cursor.fetchone()


async def revoke_key(connection: Connection, tenant: str, key_id: str) -> bool:
    """Whether there is such a key; it stays revoked since the first time."""
    cursor = await connection.execute(
        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE tenant = %s AND key_id = %s",
        (tenant, key_id),
    )
    return cursor.rowcount > 0


async def find_valid_key(connection: Connection, key_id: str) -> DictRow | None:
    """Of any tenant, neither revoked nor expired."""
    cursor = await connection.execute(
        """
        SELECT tenant, scopes, secret_sha256 FROM api_keys
        WHERE key_id = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
        """,
        (key_id,),
    )
    return await cursor.fetchone()


async def note_use(connection: Connection, key_id: str) -> None:
    await connection.execute(
        """
        UPDATE api_keys SET last_used_at = now()
        WHERE key_id = %s AND (last_used_at IS NULL OR last_used_at < now() - make_interval(secs => %s))
        """,
        (key_id, USE_NOTED_SECONDS),
    )
