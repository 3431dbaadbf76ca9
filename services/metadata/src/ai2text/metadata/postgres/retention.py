"""Rows of how long tenants keep their recordings; a tenant without one keeps them for good."""

from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.tenants import save_tenants


async def find_retention(connection: Connection, tenant: str) -> int | None:
    """Days."""
    cursor = await connection.execute("SELECT days FROM retention WHERE tenant = %s", (tenant,))
    row = await cursor.fetchone()
    return row["days"] if row else None


async def save_retention(connection: Connection, tenant: str, days: int | None, by: str) -> None:
    """None keeps them for good."""
    if days is None:
        await connection.execute("DELETE FROM retention WHERE tenant = %s", (tenant,))
        return
    await save_tenants(connection, [tenant])
    await connection.execute(
        """
        INSERT INTO retention (tenant, days, set_by) VALUES (%s, %s, %s)
        ON CONFLICT (tenant) DO UPDATE SET days = excluded.days, set_at = now(), set_by = excluded.set_by
        """,
        (tenant, days, by),
    )


async def past_retention(connection: Connection, most: int) -> list[tuple[str, str]]:
    """Tenant and id of recordings that are kept for too long, some of each tenant."""
    cursor = await connection.execute(
        """
        SELECT k.tenant, r.recording_id::text FROM retention k CROSS JOIN LATERAL (
            SELECT recording_id FROM recordings r
            WHERE r.tenant = k.tenant AND r.listed_at < now() - make_interval(days => k.days)
            ORDER BY r.listed_at, r.position LIMIT %s) r
        ORDER BY 1
        """,
        (most,),
    )
    return [(row["tenant"], row["recording_id"]) for row in await cursor.fetchall()]
