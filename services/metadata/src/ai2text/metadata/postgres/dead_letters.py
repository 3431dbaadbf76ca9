"""Rows of dead letters: kept once, marked once as replayed."""

import base64
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from ai2text.common import subjects
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.dead_letter import DeadLetter
from ai2text.common.errors import Poison
from ai2text.metadata.postgres.pool import Connection


def event_in(subject: str, payload: bytes) -> subjects.Event | None:
    """None for what is no event, at least for this version of the software."""
    contract = subjects.contract_of(subject)
    if contract is None:
        return None
    with suppress(Poison):
        return decode(contract, payload)
    return None


def event_of(letter: DeadLetter) -> subjects.Event | None:
    """What somebody gave up; None likewise."""
    return event_in(letter.subject, base64.b64decode(letter.payload_base64))


async def save_dead_letter(connection: Connection, letter: DeadLetter, position: int) -> None:
    """`position` is that of its message in the stream."""
    event = event_of(letter)
    tenant = getattr(event, "tenant", None)
    await connection.execute(
        """
        INSERT INTO dead_letters (dead_letter_id, tenant, stream, durable, subject, reason_code, reason_detail,
            deliveries, recording_id, job_id, traceback, headers, payload, dead_at, stream_position)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (dead_letter_id) DO NOTHING
        """,
        (
            letter.dead_letter_id,
            _storable(tenant) if tenant else None,
            letter.stream,
            letter.durable,
            letter.subject,
            letter.reason.code,
            _storable(letter.reason.detail),
            letter.deliveries,
            as_uuid(getattr(event, "recording_id", None)),
            as_uuid(getattr(event, "job_id", None)),
            _storable(letter.traceback),
            Jsonb({_storable(name): _storable(value) for name, value in letter.headers.items()}),
            base64.b64decode(letter.payload_base64),
            letter.dead_at,
            position,
        ),
    )


def _storable(text: str) -> str:
    """PostgreSQL has no NUL, and what is quoted from a broken message may hold one."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def as_uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


async def take_dead_letter(connection: Connection, dead_letter_id: str) -> DictRow | None:
    """What a replay needs, locked until the transaction ends."""
    cursor = await connection.execute(
        """
        SELECT subject, payload, replayed_as::text, recording_id IS NOT NULL AND job_id IS NOT NULL AS has_ids
        FROM dead_letters WHERE dead_letter_id = %s FOR UPDATE
        """,
        (dead_letter_id,),
    )
    return await cursor.fetchone()


async def mark_replayed(connection: Connection, dead_letter_id: str, replayed_as: str, at: datetime) -> None:
    await connection.execute(
        "UPDATE dead_letters SET replayed_as = %s, replayed_at = %s WHERE dead_letter_id = %s",
        (replayed_as, at, dead_letter_id),
    )
