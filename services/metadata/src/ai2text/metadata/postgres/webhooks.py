"""Rows of webhooks; their secrets are kept as they are, for they sign."""

from collections.abc import Sequence
from typing import Any

from ai2text.common.contracts.inside import Caller
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.tenants import save_tenants

MOST_OF_A_TENANT = 20
SHOWN = """
    webhook_id::text, url, events, created_at, created_by, paused_at,
    CASE WHEN paused_at IS NOT NULL THEN 'paused' WHEN failing THEN 'failing' ELSE 'active' END AS status
"""


async def insert_webhook(
    connection: Connection, who: Caller, url: str, events: Sequence[str], secret: bytes
) -> dict[str, Any] | None:
    """The row as it may be shown; None when the tenant has as many as it may have."""
    await save_tenants(connection, [who.tenant])
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('webhooks/' || %s, 0))", (who.tenant,))
    cursor = await connection.execute(
        f"""
        INSERT INTO webhooks (tenant, url, events, secret, created_by)
        SELECT %(tenant)s, %(url)s, %(events)s, %(secret)s, %(created_by)s
        WHERE (SELECT count(*) FROM webhooks WHERE tenant = %(tenant)s) < %(most)s
        RETURNING {SHOWN}
        """,  # noqa: S608 - a constant
        {
            "tenant": who.tenant,
            "url": url,
            "events": list(events),
            "secret": secret,
            "created_by": who.subject,
            "most": MOST_OF_A_TENANT,
        },
    )
    return await cursor.fetchone()


async def delete_webhook(connection: Connection, tenant: str, webhook_id: str) -> bool:
    """Whether there was one. Its deliveries stay until they are old, and nobody attempts or sees them."""
    cursor = await connection.execute(
        "DELETE FROM webhooks WHERE tenant = %s AND webhook_id = %s", (tenant, webhook_id)
    )
    return cursor.rowcount > 0
