"""What a catalogue and its bucket hold of a recording, looked at from outside."""

from typing import Any

import psycopg
from psycopg import sql

from ai2text.common import subjects
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.erasure import RecordingErased
from ai2text.metadata.postgres import outbox
from ai2text.metadata.postgres.pool import Database

KEPT = {"erasures", "outbox", "alembic_version", "audit", "webhook_deliveries"}
"""Tables that say that there was a recording, by its id, and nothing of it."""


def rows_with(owner: psycopg.Connection, needle: str) -> dict[str, list[Any]]:
    """By table, every row in which it stands anywhere."""
    tables = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    found = {}
    for (table,) in tables:
        query = sql.SQL("SELECT t::text FROM {} t WHERE strpos(t::text, %s) > 0").format(sql.Identifier(table))
        if rows := owner.execute(query, (needle,)).fetchall():
            found[table] = rows
    return found


async def erasures_told(database: Database) -> list[RecordingErased]:
    """Since it was last asked."""
    async with database.transaction() as connection:
        taken = await outbox.take(connection, 1000)
        await outbox.remove(connection, [one.position for one in taken])
    told = [one for one in taken if one.subject == subjects.RECORDING_ERASED]
    assert len({one.message_id for one in told}) == len(told)
    return [decode(RecordingErased, one.payload) for one in told]
