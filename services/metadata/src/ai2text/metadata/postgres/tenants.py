"""Rows of tenants: they appear by themselves, with the first that is heard of them."""

from collections.abc import Iterable

from ai2text.metadata.postgres.pool import Connection


async def save_tenants(connection: Connection, tenants: Iterable[str]) -> None:
    """In one order, so that two transactions never wait for each other."""
    await connection.execute(
        "INSERT INTO tenants (tenant) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", (sorted(set(tenants)),)
    )
