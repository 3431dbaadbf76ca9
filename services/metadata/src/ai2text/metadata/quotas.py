"""How much audio a tenant may send in a month, and how much it has sent in this one."""

from typing import Any

from ai2text.metadata.postgres.pool import Connection


async def list_quotas(connection: Connection, tenant: str | None) -> list[dict[str, Any]]:
    """Of one tenant, or of all that have one; months by the database's clock, in UTC.

    Counted is what was taken in, once for each recording, whatever was made of it.
    """
    cursor = await connection.execute(
        """
        SELECT q.tenant, to_char(now(), 'YYYY-MM') AS month, q.audio_seconds_per_month,
            (SELECT coalesce(sum(r.duration_seconds), 0) FROM recordings r
             WHERE r.tenant = q.tenant AND r.created_at >= date_trunc('month', now())) AS audio_seconds
        FROM quotas q WHERE %(tenant)s::text IS NULL OR q.tenant = %(tenant)s ORDER BY q.tenant
        """,
        {"tenant": tenant},
    )
    return await cursor.fetchall()
