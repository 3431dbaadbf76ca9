"""What can be asked about datasets: which versions a recording went into."""

from typing import Any

from ai2text.metadata.postgres.pool import Connection


async def find_uses(connection: Connection, tenant: str, recording_id: str) -> list[dict[str, Any]] | None:
    """By name and version, with the revision that was used; None for a recording that does not exist."""
    cursor = await connection.execute(
        "SELECT FROM recordings WHERE tenant = %s AND recording_id = %s", (tenant, recording_id)
    )
    if await cursor.fetchone() is None:
        return None
    cursor = await connection.execute(
        """
        SELECT name, version, revision, job_id::text FROM dataset_references
        WHERE tenant = %s AND recording_id = %s ORDER BY name, version
        """,
        (tenant, recording_id),
    )
    return await cursor.fetchall()
