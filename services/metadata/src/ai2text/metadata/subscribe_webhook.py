"""A new webhook: its secret is shown once, and kept to sign with."""

import base64
import secrets
from dataclasses import dataclass
from typing import Any

import structlog

from ai2text.common.contracts.inside import Caller
from ai2text.common.errors import Refused
from ai2text.common.occurrences import Kind
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.postgres.webhooks import MOST_OF_A_TENANT, insert_webhook
from ai2text.metadata.webhook_targets import Targets

log = structlog.get_logger()

SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"  # noqa: S105 - of Standard Webhooks


@dataclass(frozen=True, slots=True)
class SubscribeWebhook:
    """The use case with what it needs."""

    database: Database
    targets: Targets

    async def subscribe_webhook(self, who: Caller, url: str, events: frozenset[Kind]) -> dict[str, Any]:
        """The webhook with its secret. Raises Refused, CatalogueUnavailable."""
        understood = await self.targets.check(url)
        secret = secrets.token_bytes(SECRET_BYTES)
        async with self.database.transaction() as connection:
            row = await insert_webhook(connection, who, understood, sorted(events), secret)
        if row is None:
            raise Refused("too_many_webhooks", f"A tenant has at most {MOST_OF_A_TENANT} webhooks: delete one first.")
        log.info("webhook_subscribed", webhook_id=row["webhook_id"], tenant=who.tenant, by=who.subject)
        return {**row, "secret": SECRET_PREFIX + base64.b64encode(secret).decode()}
