"""Rows of quotas; a tenant without one may send what it likes."""

from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.tenants import save_tenants


async def save_quota(connection: Connection, tenant: str, audio_seconds_per_month: float | None) -> None:
    """None takes the quota away."""
    if audio_seconds_per_month is None:
        await connection.execute("DELETE FROM quotas WHERE tenant = %s", (tenant,))
        return
    await save_tenants(connection, [tenant])
    await connection.execute(
        """
        INSERT INTO quotas (tenant, audio_seconds_per_month) VALUES (%s, %s)
        ON CONFLICT (tenant) DO UPDATE SET audio_seconds_per_month = excluded.audio_seconds_per_month, set_at = now()
        """,
        (tenant, audio_seconds_per_month),
    )
