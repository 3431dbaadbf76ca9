"""What can be asked of the audit trail; like dead letters it belongs to whoever runs the installation."""

from ai2text.metadata.page import Page, Window
from ai2text.metadata.postgres.pool import Connection


async def list_audit(connection: Connection, tenant: str | None, window: Window) -> Page:
    """The newest first, of all tenants unless one is named. Raises Refused for a bad cursor."""
    chosen = "true" if tenant is None else "tenant = %(tenant)s"
    cursor = await connection.execute(
        f"""
        SELECT audit_id::text, position, at, tenant, subject, request_id, action, target, status, client
        FROM audit WHERE {chosen}{window.clause()}
        """,  # noqa: S608 - constants
        {"tenant": tenant, **window.parameters()},
    )
    return window.page(await cursor.fetchall())
