"""Rows of what was erased, and the deletion of everything that the catalogue has of a recording."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psycopg.rows import class_row
from pydantic import TypeAdapter

from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.erasure import DatasetVersion, RecordingErased, Tombstone
from ai2text.metadata.news import Report
from ai2text.metadata.postgres import outbox
from ai2text.metadata.postgres.deliveries import save_deliveries
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.remains import Remains, left_by, place_of

WRITTEN_WITHIN_SECONDS = 60
"""A tombstone that is later than that after its erasure is another one's."""
KEYS_AT_ONCE = 2_000
"""In one message: NATS takes a megabyte."""
DELETIONS = (
    "DELETE FROM segments WHERE recording_id = %s",
    "DELETE FROM transcripts WHERE recording_id = %s",
    "DELETE FROM attempts USING jobs WHERE jobs.job_id = attempts.job_id AND jobs.recording_id = %s",
    "DELETE FROM jobs WHERE recording_id = %s",
    "DELETE FROM sources WHERE recording_id = %s",
    "DELETE FROM dead_letters WHERE recording_id = %s",
    "DELETE FROM recordings WHERE recording_id = %s",
)
"""In this order; triggers take the rest."""
_remains = TypeAdapter(Remains)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    recording_id: str
    tenant: str
    next_life: int
    erased_at: datetime


async def next_lives(connection: Connection, recording_ids: Collection[str]) -> dict[str, int]:
    """Of those that were ever erased, the first generation that is not."""
    cursor = await connection.execute(
        "SELECT recording_id::text, next_life FROM erasures WHERE recording_id = ANY(%s::uuid[])",
        (sorted(recording_ids),),
    )
    return {row["recording_id"]: row["next_life"] for row in await cursor.fetchall()}


async def unknown_tombstones(connection: Connection, tombstones: Mapping[str, datetime]) -> list[str]:
    """Of tombstones, each with when it was written, those of which the catalogue does not know; by recording."""
    cursor = await connection.execute(
        """
        SELECT stone.recording_id::text FROM unnest(%s::uuid[], %s::timestamptz[]) AS stone (recording_id, written_at)
        WHERE NOT EXISTS (SELECT FROM erasures e WHERE e.recording_id = stone.recording_id
            AND e.erased_at > stone.written_at - make_interval(secs => %s))
        """,
        (list(tombstones), list(tombstones.values()), WRITTEN_WITHIN_SECONDS),
    )
    return [row["recording_id"] for row in await cursor.fetchall()]


async def find_erasure(connection: Connection, tenant: str, recording_id: str) -> Erasure | None:
    async with connection.cursor(row_factory=class_row(Erasure)) as cursor:
        await cursor.execute(
            """
            SELECT recording_id::text, tenant, next_life, erased_at FROM erasures
            WHERE tenant = %s AND recording_id = %s
            """,
            (tenant, recording_id),
        )
        return await cursor.fetchone()


async def save_erasure(connection: Connection, tombstone: Tombstone, remains: Remains) -> None:
    """Of a later life than any before. `remains` are announced once more after a while.

    So is what was not yet of an earlier life.
    """
    cursor = await connection.execute(
        "SELECT remains FROM erasures WHERE recording_id = %s AND remains IS NOT NULL FOR UPDATE",
        (tombstone.recording_id,),
    )
    for row in await cursor.fetchall():
        remains = _remains.validate_python(row["remains"]) + remains
    await connection.execute(
        """
        INSERT INTO erasures AS known (recording_id, tenant, next_life, erased_at, remains) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (recording_id) DO UPDATE SET
            next_life = excluded.next_life, publication = 0, erased_at = excluded.erased_at, remains = excluded.remains
        """,
        (
            tombstone.recording_id,
            tombstone.tenant,
            tombstone.next_life,
            tombstone.erased_at,
            encode(remains).decode(),
        ),
    )


async def announce(connection: Connection, recording_id: str, remains: Remains) -> None:
    """In as many messages as it takes, each of another number than all before of that life."""
    first, *others = [remains.keys[at : at + KEYS_AT_ONCE] for at in range(0, len(remains.keys), KEYS_AT_ONCE)] or [()]
    parts = [replace(remains, keys=first), *(Remains(keys=keys) for keys in others)]
    cursor = await connection.execute(
        """
        UPDATE erasures SET publication = publication + %s WHERE recording_id = %s
        RETURNING tenant, next_life, erased_at, publication
        """,
        (len(parts), recording_id),
    )
    (row,) = await cursor.fetchall()
    number = row.pop("publication") - len(parts)
    events = [
        RecordingErased(
            **row,
            recording_id=recording_id,
            publication=number + index,
            keys=part.keys,
            job_ids=part.job_ids,
            dead_letters=part.dead_letters,
            datasets=part.datasets,
        )
        for index, part in enumerate(parts)
    ]
    await outbox.put(connection, *events)
    await save_deliveries(connection, events)


async def announce_late(connection: Connection, report: Report) -> None:
    """What somebody says that there is, although it was erased."""
    remains, place = left_by(report), place_of(report)
    if place is not None and remains.keys:
        await announce(connection, place[0], remains)


async def dead_letters_of(connection: Connection, recording_id: str) -> Remains:
    cursor = await connection.execute(
        "SELECT stream_position FROM dead_letters WHERE recording_id = %s AND stream_position IS NOT NULL ORDER BY 1",
        (recording_id,),
    )
    return Remains(dead_letters=tuple(row["stream_position"] for row in await cursor.fetchall()))


async def take_references(connection: Connection, recording_id: str, next_life: int) -> Remains:
    """Versions of datasets that were made from it; the catalogue does not say so any more."""
    cursor = await connection.execute(
        "DELETE FROM dataset_references WHERE recording_id = %s AND life < %s RETURNING name, version",
        (recording_id, next_life),
    )
    versions = {(row["name"], row["version"]) for row in await cursor.fetchall()}
    return Remains(datasets=tuple(DatasetVersion(name=name, version=number) for name, number in sorted(versions)))


async def delete_rows(connection: Connection, recording_id: str) -> None:
    """All of them; the caller holds the recording's row."""
    for deletion in DELETIONS:
        await connection.execute(deletion, (recording_id,))


async def take_due(connection: Connection, grace_seconds: float, most: int) -> list[tuple[Erasure, Remains]]:
    """Those that are to be announced once more, held until the transaction ends; afterwards they are due no more."""
    cursor = await connection.execute(
        """
        WITH due AS (
            SELECT recording_id, remains FROM erasures
            WHERE remains IS NOT NULL AND erased_at < now() - make_interval(secs => %s)
            ORDER BY erased_at LIMIT %s FOR UPDATE SKIP LOCKED)
        UPDATE erasures e SET remains = NULL FROM due WHERE e.recording_id = due.recording_id
        RETURNING e.recording_id::text, e.tenant, e.next_life, e.erased_at, due.remains
        """,
        (grace_seconds, most),
    )
    found = []
    for row in await cursor.fetchall():
        remains = _remains.validate_python(row.pop("remains"))
        found.append((Erasure(**row), remains))
    return found


async def late_references(connection: Connection, tenant: str, name: str, version: int) -> Sequence[str]:
    """Recordings that a version was made from and that were erased; those references are taken away."""
    cursor = await connection.execute(
        """
        DELETE FROM dataset_references d USING erasures e
        WHERE d.tenant = %s AND d.name = %s AND d.version = %s
            AND e.recording_id = d.recording_id AND d.life < e.next_life
        RETURNING d.recording_id::text
        """,
        (tenant, name, version),
    )
    return sorted(row["recording_id"] for row in await cursor.fetchall())
