"""What can be asked about webhooks; never their secrets, which the reader's role may not even select."""

from typing import Any

from ai2text.metadata.page import Page, Window
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.webhooks import SHOWN


async def list_webhooks(connection: Connection, tenant: str, window: Window) -> Page:
    """The newest first. Raises Refused for a bad cursor."""
    cursor = await connection.execute(
        f"SELECT {SHOWN}, position FROM webhooks WHERE tenant = %(tenant)s{window.clause()}",  # noqa: S608 - constants
        {"tenant": tenant, **window.parameters()},
    )
    return window.page(await cursor.fetchall())


async def find_webhook(connection: Connection, tenant: str, webhook_id: str) -> dict[str, Any] | None:
    cursor = await connection.execute(
        f"SELECT {SHOWN} FROM webhooks WHERE tenant = %(tenant)s AND webhook_id = %(id)s",  # noqa: S608 - constants
        {"tenant": tenant, "id": webhook_id},
    )
    return await cursor.fetchone()


async def list_deliveries(connection: Connection, tenant: str, webhook_id: str, window: Window) -> Page:
    """The newest first: waiting while there is a next attempt, then delivered or given up."""
    cursor = await connection.execute(
        f"""
        SELECT delivery_id::text, position, event_id::text, kind, document, attempts, status_code, error, created_at,
            attempted_at, next_attempt_at, delivered_at,
            CASE WHEN delivered_at IS NOT NULL THEN 'delivered' WHEN next_attempt_at IS NOT NULL THEN 'waiting'
                ELSE 'given_up' END AS status
        FROM webhook_deliveries WHERE tenant = %(tenant)s AND webhook_id = %(id)s{window.clause()}
        """,  # noqa: S608 - a constant
        {"tenant": tenant, "id": webhook_id, **window.parameters()},
    )
    return window.page(await cursor.fetchall())
