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


async def save_dead_letter(connection: Connection, letter: DeadLetter) -> None:
    payload = base64.b64decode(letter.payload_base64)
    event = event_in(letter.subject, payload)
    tenant = getattr(event, "tenant", None)
    await connection.execute(
        """
        INSERT INTO dead_letters (dead_letter_id, tenant, stream, durable, subject, reason_code, reason_detail,
            deliveries, recording_id, job_id, traceback, headers, payload, dead_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
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
            _uuid(getattr(event, "recording_id", None)),
            _uuid(getattr(event, "job_id", None)),
            _storable(letter.traceback),
            Jsonb({_storable(name): _storable(value) for name, value in letter.headers.items()}),
            payload,
            letter.dead_at,
        ),
    )


def _storable(text: str) -> str:
    """PostgreSQL has no NUL, and what is quoted from a broken message may hold one."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _uuid(text: str | None) -> UUID | None:
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
