"""A catalogue that tells webhooks of what is reported to it, with all that does so in the service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Any

from fastapi import FastAPI

from ai2text.common import subjects
from ai2text.common.caller_token import authenticated
from ai2text.common.clock import utc_now
from ai2text.common.consumer import Consumer, Work
from ai2text.common.contracts.inside import Scope
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.jetstream import Broker
from ai2text.common.occurrences import Kind
from ai2text.common.problems import answer_errors_as_problems
from ai2text.metadata.deliver_webhook import DeliverWebhook
from ai2text.metadata.news import Report, Transcribed
from ai2text.metadata.persist_reports import PersistReports
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.publish_outbox import publish_outbox
from ai2text.metadata.request_deliveries import request_deliveries
from ai2text.metadata.routes.webhooks import webhooks_router
from ai2text.metadata.subscribe_webhook import SubscribeWebhook
from ai2text.metadata.webhook_sender import WITHIN_SECONDS, WebhookSender
from ai2text.metadata.webhook_targets import Targets
from tests.fixtures.examples import TRANSCRIPT
from tests.fixtures.inside import KEY, ask
from tests.integration.metadata.catalogue import INGESTED, rows

LOOPBACK = IPv4Network("127.0.0.0/8")
TARGETS = Targets([LOOPBACK])
EVERYTHING = tuple(Scope)
SOON_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Told:
    """What can be asked and reported, of any tenant."""

    database: Database
    broker: Broker
    app: FastAPI
    targets: Targets

    async def subscribe(self, url: str, *kinds: Kind, tenant: str = "default") -> dict[str, Any]:
        body = {"url": url, "events": kinds or tuple(Kind)}
        answer = await ask(self.app, "POST", "/v1/webhooks", tenant, EVERYTHING, json=body)
        assert answer.status_code == 201, answer.text
        webhook: dict[str, Any] = answer.json()
        return webhook

    async def get(self, path: str = "", tenant: str = "default", **query: Any) -> dict[str, Any]:
        answer = await ask(self.app, "GET", f"/v1/webhooks{path}", tenant, EVERYTHING, params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def log(self, webhook: dict[str, Any], tenant: str = "default") -> list[dict[str, Any]]:
        """The newest first."""
        page = await self.get(f"/{webhook['webhook_id']}/deliveries", tenant)
        items: list[dict[str, Any]] = page["items"]
        return items

    async def report(self, *reports: Report) -> None:
        await PersistReports(self.database, utc_now).persist_reports(reports)

    async def attempt_now(self) -> None:
        """The next attempt is due: the pauses are over."""
        await rows(
            self.database,
            "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL RETURNING 1",
        )

    async def until(self, webhook: dict[str, Any], **facts: Any) -> dict[str, Any]:
        """Until the newest delivery has these facts."""
        async with asyncio.timeout(SOON_SECONDS):
            while True:
                newest = (await self.log(webhook))[0]
                if all(newest[name] == value for name, value in facts.items()):
                    return newest
                await asyncio.sleep(0.05)

    @asynccontextmanager
    async def delivering(self, within_seconds: float = WITHIN_SECONDS) -> AsyncIterator[DeliverWebhook]:
        """As the service does it."""
        stop = asyncio.Event()
        async with WebhookSender(self.targets, 50, within_seconds) as sender, asyncio.TaskGroup() as tasks:
            delivering = DeliverWebhook(self.database, sender, utc_now)
            work = Work(
                stream=subjects.WORK,
                durable=subjects.WEBHOOKS,
                handle=lambda delivery: delivering.deliver_webhook(delivery.event),
                give_up=delivering.give_up,
                concurrency=50,
            )
            tasks.create_task(request_deliveries(self.database, utc_now, stop))
            tasks.create_task(publish_outbox(self.database, self.broker, stop))
            tasks.create_task(Consumer(self.broker, work).run(stop))
            yield delivering
            stop.set()


def told(database: Database, broker: Broker, targets: Targets = TARGETS) -> Told:
    app = FastAPI()
    answer_errors_as_problems(app)
    app.include_router(webhooks_router(database, SubscribeWebhook(database, targets), authenticated(KEY)))
    return Told(database, broker, app, targets)


def ingested(job: TranscriptionRequested) -> RecordingIngested:
    """Now."""
    return replace(INGESTED, tenant=job.tenant, recording_id=job.recording_id, first_job=job, ingested_at=utc_now())


def transcribed(job: TranscriptionRequested) -> Transcribed:
    transcript = replace(
        TRANSCRIPT,
        tenant=job.tenant,
        recording_id=job.recording_id,
        job_id=job.job_id,
        generation=job.generation,
        transcribed_at=utc_now(),
    )
    return Transcribed(transcript=transcript, outcome_key=job.outcome_key)
