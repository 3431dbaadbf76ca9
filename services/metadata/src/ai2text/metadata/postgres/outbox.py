"""Announcements committed together with what they announce."""

from ai2text.common import subjects
from ai2text.common.contracts.codec import decode, encode
from ai2text.metadata.postgres.pool import Connection


async def put(connection: Connection, event: subjects.Event) -> None:
    await connection.execute(
        "INSERT INTO outbox (subject, payload) VALUES (%s, %s)", (subjects.subject_of(event), encode(event))
    )


async def take(connection: Connection, limit: int) -> list[tuple[int, subjects.Event]]:
    """The oldest announcements, locked against other replicas until the transaction ends."""
    cursor = await connection.execute(
        "SELECT position, subject, payload FROM outbox ORDER BY position LIMIT %s FOR UPDATE SKIP LOCKED", (limit,)
    )
    return [(row["position"], _event(row["subject"], row["payload"])) for row in await cursor.fetchall()]


def _event(subject: str, payload: bytes) -> subjects.Event:
    return decode(subjects.CONTRACT_OF[subject], payload)


async def remove(connection: Connection, positions: list[int]) -> None:
    await connection.execute("DELETE FROM outbox WHERE position = ANY(%s)", (positions,))


async def pending(connection: Connection) -> int:
    cursor = await connection.execute("SELECT count(*) AS pending FROM outbox")
    row = await cursor.fetchone()
    return int(row["pending"]) if row else 0
