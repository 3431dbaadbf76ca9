"""Announcements committed together with what they announce."""

from dataclasses import dataclass

from psycopg.rows import class_row

from ai2text.common import subjects
from ai2text.common.contracts.codec import encode
from ai2text.metadata.postgres.pool import Connection

INSERT = "INSERT INTO outbox (subject, payload, message_id) VALUES (%s, %s, %s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Exactly what is to be published."""

    position: int
    subject: str
    payload: bytes
    message_id: str


async def put(connection: Connection, *events: subjects.Event) -> None:
    rows = [(subjects.subject_of(event), encode(event), subjects.message_id_of(event)) for event in events]
    async with connection.cursor() as cursor:
        await cursor.executemany(INSERT, rows)


async def put_encoded(connection: Connection, subject: str, payload: bytes, message_id: str) -> None:
    """For what may be no event; the stream swallows a message id that it has seen within two minutes."""
    await connection.execute(INSERT, (subject, payload, message_id))


async def take(connection: Connection, limit: int) -> list[Announcement]:
    """The oldest announcements, locked against other replicas until the transaction ends."""
    async with connection.cursor(row_factory=class_row(Announcement)) as cursor:
        await cursor.execute(
            "SELECT position, subject, payload, message_id FROM outbox ORDER BY position LIMIT %s "
            "FOR UPDATE SKIP LOCKED",
            (limit,),
        )
        return await cursor.fetchall()


async def remove(connection: Connection, positions: list[int]) -> None:
    await connection.execute("DELETE FROM outbox WHERE position = ANY(%s)", (positions,))


async def pending(connection: Connection) -> int:
    cursor = await connection.execute("SELECT count(*) AS pending FROM outbox")
    row = await cursor.fetchone()
    return int(row["pending"]) if row else 0
