"""What can be asked about dead letters. They belong to whoever runs the installation, so no tenant is asked for."""

import base64
import json
from typing import Any

from ai2text.metadata.page import Page, Window
from ai2text.metadata.postgres.pool import Connection

_SHOWN = """dead_letter_id::text, tenant, reason_code, reason_detail, subject, durable, deliveries,
    recording_id::text, job_id::text, dead_at, replayed_at, replayed_as::text"""


async def list_dead_letters(connection: Connection, window: Window) -> Page:
    """The newest first. Raises Refused for a bad cursor."""
    cursor = await connection.execute(
        f"SELECT {_SHOWN}, position FROM dead_letters WHERE true{window.clause()}",  # noqa: S608 - constants
        window.parameters(),
    )
    return window.page([_letter(row) for row in await cursor.fetchall()])


async def find_dead_letter(connection: Connection, dead_letter_id: str) -> dict[str, Any] | None:
    """Whole, with the message in it."""
    cursor = await connection.execute(
        f"SELECT {_SHOWN}, traceback, headers, payload FROM dead_letters WHERE dead_letter_id = %s",  # noqa: S608
        (dead_letter_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    payload = row.pop("payload")
    return {**_letter(row), "payload": _json(payload), "payload_base64": base64.b64encode(payload).decode()}


def _letter(row: dict[str, Any]) -> dict[str, Any]:
    reason = {"code": row.pop("reason_code"), "detail": row.pop("reason_detail")}
    return {**row, "reason": reason}


def _json(payload: bytes) -> Any:
    """None for what is no JSON; a message can hold anything, also what only Python takes for JSON."""
    try:
        return json.loads(payload, parse_constant=_refuse)
    except ValueError:
        return None


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
