"""One attempt at telling a webhook of something, signed after Standard Webhooks (standardwebhooks.com).

At least once: who is told twice sees the same `webhook-id`.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import structlog

from ai2text.common import metrics, subjects
from ai2text.common.clock import Clock
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.webhooks import WebhookDeliveryRequested
from ai2text.common.errors import Poison
from ai2text.metadata.postgres.deliveries import Attempt, Due, find_due, save_attempt
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.webhook_sender import NotAnswered, WebhookSender

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeliverWebhook:
    """The use case with what it needs."""

    database: Database
    sender: WebhookSender
    clock: Clock

    async def deliver_webhook(self, event: subjects.Event) -> None:
        """Returns when what came of it is saved. Raises CatalogueUnavailable, Poison."""
        if not isinstance(event, WebhookDeliveryRequested):
            raise Poison("unexpected_event", f"No webhook is told by {type(event).__name__}.")
        async with self.database.transaction() as connection:
            due = await find_due(connection, event)
        if due is None:
            return
        made = await self._attempt(due)
        log.debug("webhook_answered", delivery_id=str(due.delivery_id))
        await self._save(event, made)

    async def give_up(self, event: subjects.Event, reason: Reason, _: int) -> None:
        """Before the request is dead-lettered: its attempt counts as failed, and the next one comes by itself."""
        if isinstance(event, WebhookDeliveryRequested):
            error = "Something broke here before there was an answer."
            log.error("webhook_attempt_broke", delivery_id=str(event.delivery_id), reason=reason.code)
            await self._save(event, Attempt(error=error))

    async def _save(self, asked: WebhookDeliveryRequested, made: Attempt) -> None:
        async with self.database.transaction() as connection:
            paused = await save_attempt(connection, asked, made)
        metrics.WEBHOOK_ATTEMPTS.labels("failed" if made.error else "delivered").inc()
        log.info(
            "webhook_attempted",
            delivery_id=str(asked.delivery_id),
            attempt=asked.attempt,
            status_code=made.status_code,
            error=made.error,
        )
        if paused:
            log.warning("webhook_paused", delivery_id=str(asked.delivery_id), tenant=asked.tenant)

    async def _attempt(self, due: Due) -> Attempt:
        body = due.body.encode()
        headers = {
            **signed(due.secret, due.event_id, body, self.clock()),
            "webhook-delivery-id": str(due.delivery_id),
            "Content-Type": "application/json",
            "User-Agent": "AI2Text",
        }
        try:
            status = await self.sender.post(due.url, headers, body)
        except NotAnswered as exc:
            return Attempt(error=str(exc))
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return Attempt(status_code=status)
        return Attempt(status_code=status, error=f"The answer was {status}, and only 2xx counts.")


def signed(secret: bytes, event_id: str, body: bytes, at: datetime) -> dict[str, str]:
    """The three headers of Standard Webhooks."""
    timestamp = str(int(at.timestamp()))
    signature = hmac.digest(secret, f"{event_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
