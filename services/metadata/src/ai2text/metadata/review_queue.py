"""What waits for a person's eye, in the order of what a correction is expected to gain for a minute of listening."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ai2text.metadata import catalog
from ai2text.metadata.page import Order, Window
from ai2text.metadata.postgres.pool import Connection

BY_GAIN = Order(("to_review", "position"))
"""The gain changes when a recording is transcribed anew: then it goes to its new place."""
REASONS: Mapping[str, Callable[[float], str]] = {
    "low_confidence": lambda share: f"The model gave what it heard a probability of {share:.0%}.",
    "uncovered_speech": lambda seconds: f"For {seconds:.1f} s somebody speaks and there are no words.",
    "heard_again": lambda seconds: f"{seconds:.1f} s were heard twice, and no better the second time.",
    "repetition": lambda ratio: f"Words come again and again: a segment can be compressed {ratio:.1f} times.",
    "high_temperature": lambda seconds: f"{seconds:.1f} s could only be decoded by drawing words at random.",
}
"""By code, from its measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which recordings; None does not restrict."""

    language: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    items: list[dict[str, Any]]
    next: str | None
    recordings_left: int
    """In the whole queue of these filters, this page too."""
    minutes_left: float
    """Of their audio."""


async def list_review(connection: Connection, tenant: str, chosen: Chosen, window: Window) -> ReviewPage:
    """The greatest expected gain first. Raises Refused for a bad cursor."""
    conditions, table = _conditions(chosen)
    cursor = await connection.execute(
        f"""
        SELECT q.recording_id::text, q.to_review, q.position FROM {table} q
        WHERE {" AND ".join(conditions)}{window.clause(BY_GAIN, "q.")}
        """,  # noqa: S608 - constants
        {"tenant": tenant, "language": chosen.language, "tag": chosen.tag, **window.parameters(BY_GAIN)},
    )
    page = window.page(await cursor.fetchall(), BY_GAIN)
    ids = [item["recording_id"] for item in page.items]
    found = await catalog.find_recordings(connection, tenant, ids)
    doubts = await _doubts(connection, tenant, ids)
    items = [{**found[one], **doubts[one]} for one in ids if one in found and one in doubts]  # others went meanwhile
    return ReviewPage(items=items, next=page.next, **await _left(connection, tenant, chosen))


async def _doubts(connection: Connection, tenant: str, recording_ids: list[str]) -> dict[str, dict[str, Any]]:
    cursor = await connection.execute(
        """
        SELECT recording_id::text, expected_gain, doubts FROM recordings
        WHERE tenant = %(tenant)s AND recording_id = ANY(%(ids)s::uuid[]) AND expected_gain IS NOT NULL
        """,
        {"tenant": tenant, "ids": recording_ids},
    )
    return {row["recording_id"]: _shown(row["expected_gain"], row["doubts"]) for row in await cursor.fetchall()}


def _shown(gain: int, doubts: dict[str, Any]) -> dict[str, Any]:
    return {
        "expected_gain": gain / 1000,
        "expected_word_errors": doubts["word_errors"],
        "reasons": [_reason(reason) for reason in doubts["reasons"]],
        "places": doubts["places"],
    }


def _reason(reason: dict[str, Any]) -> dict[str, Any]:
    said = REASONS[reason["code"]](reason.pop("measure"))
    return {**reason, "detail": said}


async def _left(connection: Connection, tenant: str, chosen: Chosen) -> dict[str, Any]:
    """By the counts that are kept; of a tag by the index of its queue alone."""
    if chosen.tag is None:
        language = "" if chosen.language is None else "AND language = %(language)s"
        counted = f"""
            SELECT coalesce(sum(n), 0)::bigint AS n, coalesce(sum(audio_seconds), 0)::float8 AS seconds
            FROM review_counts WHERE tenant = %(tenant)s {language}
        """  # noqa: S608 - constants
    else:
        conditions, table = _conditions(chosen)
        counted = f"""
            SELECT count(*) AS n, coalesce(sum(duration_seconds), 0)::float8 AS seconds
            FROM {table} q WHERE {" AND ".join(conditions)}
        """  # noqa: S608 - constants
    cursor = await connection.execute(counted, {"tenant": tenant, "language": chosen.language, "tag": chosen.tag})
    row = await cursor.fetchone() or {"n": 0, "seconds": 0.0}
    return {"recordings_left": row["n"], "minutes_left": round(row["seconds"] / 60, 3)}


def _conditions(chosen: Chosen) -> tuple[list[str], str]:
    conditions = ["q.tenant = %(tenant)s", "q.to_review IS NOT NULL"]
    if chosen.language is not None:
        conditions.append("q.language = %(language)s")
    if chosen.tag is None:
        return conditions, "recordings"
    return [*conditions, "q.tag = %(tag)s"], "recording_tags"
