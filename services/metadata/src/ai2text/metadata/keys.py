"""What can be asked about API keys; never their secrets, which the reader's role may not even select."""

from ai2text.metadata.page import Page, Window
from ai2text.metadata.postgres.pool import Connection


async def list_keys(connection: Connection, tenant: str, window: Window) -> Page:
    """The newest first, the revoked ones too. Raises Refused for a bad cursor."""
    cursor = await connection.execute(
        f"""
        SELECT key_id, position, name, scopes, created_at, created_by, expires_at, last_used_at, revoked_at
        FROM api_keys WHERE tenant = %(tenant)s{window.clause()}
        """,  # noqa: S608 - a constant
        {"tenant": tenant, **window.parameters()},
    )
    return window.page(await cursor.fetchall())
