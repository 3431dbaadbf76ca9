"""Rows of what webhooks are told: one for each webhook and event, attempted until it arrives or is given up."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from ai2text.common import subjects
from ai2text.common.contracts.webhooks import WebhookDeliveryRequested
from ai2text.common.occurrences import occurrence_of
from ai2text.metadata.postgres import outbox
from ai2text.metadata.postgres.pool import Connection

KEPT_DAYS = 30
"""Nobody is told of what is older, for what they were told of it is forgotten."""
FORGOTTEN_AT_ONCE = 5_000
LEASE_SECONDS = 150
"""An attempt that was asked for and not made within it is asked for again; NATS knows a message's id for 120 s."""
REQUESTED_AT_ONCE, REQUESTED_WHILE_FAILING = 8, 1
"""Attempts of one webhook in the queue or under way, so that no receiver takes all the room there is."""
PAUSES_SECONDS = (30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600)
"""After each failed attempt, give or take a tenth; with the one after the last a delivery is given up."""
PAUSED_AFTER = 5
"""So many deliveries in a row that were given up."""
GONE = 410
REQUESTING = 1_868_260_011
"""Any constant: of several replicas the one with this advisory lock asks for what is due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be sent now."""

    delivery_id: UUID
    webhook_id: UUID
    event_id: str
    url: str
    secret: bytes
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one ended."""

    status_code: int | None = None
    """None when nobody answered."""
    error: str | None = None
    """None when it was delivered."""


async def save_deliveries(connection: Connection, events: Iterable[subjects.Event]) -> None:
    """For whoever had subscribed when it happened, in the transaction of what is told; may be repeated."""
    told = list(events)
    wanted = await _wanted(connection, {event.tenant for event in told if hasattr(event, "tenant")})
    if not wanted:
        return
    occurrences = [one for event in told if (one := occurrence_of(event)) and (one.tenant, one.kind) in wanted]
    await connection.execute(
        """
        INSERT INTO webhook_deliveries (webhook_id, tenant, event_id, kind, document, next_attempt_at)
        SELECT w.webhook_id, w.tenant, e.event_id, e.kind, e.document, now()
        FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::json[])
            AS e (event_id, tenant, kind, occurred_at, document)
        JOIN webhooks w ON w.tenant = e.tenant AND e.kind = ANY(w.events) AND w.paused_at IS NULL
            AND w.created_at <= e.occurred_at AND e.occurred_at > now() - make_interval(days => %s)
        ORDER BY w.webhook_id, e.event_id
        ON CONFLICT (webhook_id, event_id) DO NOTHING
        """,
        (
            [one.event_id for one in occurrences],
            [one.tenant for one in occurrences],
            [one.kind for one in occurrences],
            [one.occurred_at for one in occurrences],
            [json.dumps(one.document()) for one in occurrences],
            KEPT_DAYS,
        ),
    )


async def _wanted(connection: Connection, tenants: set[str]) -> set[tuple[str, str]]:
    """Pairs of tenant and kind; most tenants have no webhooks, and cost a look into an index."""
    cursor = await connection.execute(
        "SELECT DISTINCT tenant, unnest(events) AS kind FROM webhooks WHERE tenant = ANY(%s) AND paused_at IS NULL",
        (sorted(tenants),),
    )
    return {(row["tenant"], row["kind"]) for row in await cursor.fetchall()}


async def request_due(connection: Connection, now: datetime) -> int:
    """Puts what is due into the outbox, as much of each webhook as there is room for; how many that were."""
    cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s) AS mine", (REQUESTING,))
    if await cursor.fetchone() != {"mine": True}:
        return 0
    cursor = await connection.execute(
        """
        UPDATE webhook_deliveries SET requested_at = now() WHERE delivery_id = ANY (ARRAY(
            SELECT d.delivery_id FROM webhooks w CROSS JOIN LATERAL (
                SELECT delivery_id FROM webhook_deliveries
                WHERE webhook_id = w.webhook_id AND next_attempt_at <= now()
                    AND (requested_at IS NULL OR requested_at < now() - make_interval(secs => %(lease)s))
                ORDER BY next_attempt_at, position
                LIMIT greatest(0, CASE WHEN w.failing THEN %(failing)s ELSE %(most)s END - (
                    SELECT count(*) FROM webhook_deliveries
                    WHERE webhook_id = w.webhook_id AND requested_at >= now() - make_interval(secs => %(lease)s)))
                FOR UPDATE SKIP LOCKED
            ) d
            WHERE w.paused_at IS NULL
        ))
        RETURNING tenant, delivery_id, attempts + 1 AS attempt
        """,
        {"lease": LEASE_SECONDS, "failing": REQUESTED_WHILE_FAILING, "most": REQUESTED_AT_ONCE},
    )
    requests = [WebhookDeliveryRequested(**row, requested_at=now) for row in await cursor.fetchall()]
    await outbox.put(connection, *requests)
    return len(requests)


async def find_due(connection: Connection, asked: WebhookDeliveryRequested) -> Due | None:
    """None when that attempt was made already, or nobody wants it any more."""
    async with connection.cursor(row_factory=class_row(Due)) as cursor:
        await cursor.execute(
            """
            SELECT d.delivery_id, d.webhook_id, d.event_id::text, w.url, w.secret, d.document::text AS body
            FROM webhook_deliveries d JOIN webhooks w USING (webhook_id)
            WHERE d.delivery_id = %s AND d.attempts = %s AND d.next_attempt_at IS NOT NULL AND w.paused_at IS NULL
            """,
            (asked.delivery_id, asked.attempt - 1),
        )
        return await cursor.fetchone()


async def save_attempt(connection: Connection, asked: WebhookDeliveryRequested, made: Attempt) -> bool:
    """Once, however often it is saved. The last failure gives the delivery up; whether that paused the webhook."""
    cursor = await connection.execute(
        """
        SELECT webhook_id FROM webhooks JOIN webhook_deliveries d USING (webhook_id) WHERE d.delivery_id = %s
        FOR NO KEY UPDATE OF webhooks
        """,
        (asked.delivery_id,),
    )
    webhook = await cursor.fetchone()
    gone = made.status_code == GONE
    given_up = made.error is not None and (gone or asked.attempt > len(PAUSES_SECONDS))
    if webhook is None or not await _save_delivery(connection, asked, made, given_up=given_up):
        return False
    facts = {"failed": made.error is not None, "given_up": given_up, "gone": gone, "most": PAUSED_AFTER, **webhook}
    cursor = await connection.execute(
        """
        UPDATE webhooks SET failing = %(failed)s,
            given_up_in_a_row = CASE WHEN %(failed)s THEN given_up_in_a_row + %(given_up)s::integer ELSE 0 END,
            paused_at = CASE WHEN %(gone)s OR %(given_up)s AND given_up_in_a_row + 1 >= %(most)s THEN now() END
        WHERE webhook_id = %(webhook_id)s AND paused_at IS NULL AND (failing OR given_up_in_a_row > 0 OR %(failed)s)
        RETURNING paused_at
        """,
        facts,
    )
    changed = await cursor.fetchone()
    if changed is None or changed["paused_at"] is None:
        return False
    await _give_up_the_rest(connection, webhook["webhook_id"])
    return True


async def _save_delivery(
    connection: Connection, asked: WebhookDeliveryRequested, made: Attempt, *, given_up: bool
) -> bool:
    pause = None if made.error is None or given_up else PAUSES_SECONDS[asked.attempt - 1]
    cursor = await connection.execute(
        """
        UPDATE webhook_deliveries SET attempts = %(attempt)s, status_code = %(status)s, error = %(error)s,
            attempted_at = now(), requested_at = NULL,
            next_attempt_at = now() + make_interval(secs => %(pause)s * (0.9 + 0.2 * random())),
            delivered_at = CASE WHEN %(error)s::text IS NULL THEN now() END
        WHERE delivery_id = %(delivery)s AND attempts = %(attempt)s - 1 AND next_attempt_at IS NOT NULL
        """,
        {
            "attempt": asked.attempt,
            "status": made.status_code,
            "error": made.error,
            "pause": pause,
            "delivery": asked.delivery_id,
        },
    )
    return cursor.rowcount > 0


async def _give_up_the_rest(connection: Connection, webhook_id: UUID) -> None:
    await connection.execute(
        """
        UPDATE webhook_deliveries SET next_attempt_at = NULL, requested_at = NULL
        WHERE webhook_id = %s AND next_attempt_at IS NOT NULL
        """,
        (webhook_id,),
    )


async def forget_old(connection: Connection) -> int:
    """Some of those that are due to go, the oldest first; how many."""
    cursor = await connection.execute(
        """
        DELETE FROM webhook_deliveries WHERE delivery_id IN (
            SELECT delivery_id FROM webhook_deliveries WHERE created_at < now() - make_interval(days => %s)
            ORDER BY created_at LIMIT %s)
        """,
        (KEPT_DAYS, FORGOTTEN_AT_ONCE),
    )
    return cursor.rowcount
