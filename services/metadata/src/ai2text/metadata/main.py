"""The one place that wires the metadata service together."""

import asyncio

import structlog

from ai2text.common import metrics, subjects
from ai2text.common.ask import UploadSettings
from ai2text.common.clock import stopped_within, utc_now
from ai2text.common.consumer import Consumer, Delivery, Work
from ai2text.common.contracts.datasets import DatasetAssembled
from ai2text.common.contracts.dead_letter import DeadLetter
from ai2text.common.contracts.erasure import RecordingErased
from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected
from ai2text.common.contracts.training import TrainingEnded, TrainingRequested
from ai2text.common.contracts.transcription import (
    RecordingTranscribed,
    TranscriptionCancelled,
    TranscriptionFailed,
    TranscriptionStarted,
)
from ai2text.common.errors import Poison, Unavailable
from ai2text.common.http_server import listen, serve_http
from ai2text.common.jetstream import Broker, connect
from ai2text.common.object_store import ObjectStore
from ai2text.common.presence import Presence, announce_presence
from ai2text.common.run import Life, run_service
from ai2text.common.settings import CallerSettings, NatsSettings, S3Settings, load
from ai2text.metadata.budget import Budget
from ai2text.metadata.command_models import CommandModels
from ai2text.metadata.deliver_webhook import DeliverWebhook
from ai2text.metadata.erase_recording import EraseRecording
from ai2text.metadata.group_commit import GroupCommit
from ai2text.metadata.http_api import build_app
from ai2text.metadata.measure_backlog import measure_backlog
from ai2text.metadata.news import Report
from ai2text.metadata.persist_dataset import persist_dataset
from ai2text.metadata.persist_dead_letter import persist_dead_letter
from ai2text.metadata.persist_reports import PersistReports, read_transcript
from ai2text.metadata.persist_training import persist_training
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.publish_outbox import publish_outbox
from ai2text.metadata.queues import Queues
from ai2text.metadata.reconcile import reconcile
from ai2text.metadata.reconcile_bucket import ReconcileBucket
from ai2text.metadata.reconcile_jobs import ReconcileJobs
from ai2text.metadata.report_status import ReportStatus
from ai2text.metadata.request_deliveries import request_deliveries
from ai2text.metadata.settings import MetadataSettings, PostgresSettings, WebhookSettings
from ai2text.metadata.streams import Streams
from ai2text.metadata.webhook_sender import WebhookSender
from ai2text.metadata.webhook_targets import Targets

log = structlog.get_logger()

RETRY_SECONDS = 1.0
WEBHOOKS_AT_ONCE = 200
"""More than all webhooks of one tenant can have under way."""


def main() -> None:
    run_service("metadata", serve)


async def serve(life: Life) -> None:
    settings, postgres, callers = load(MetadataSettings), load(PostgresSettings), load(CallerSettings)
    nats, store = load(NatsSettings), ObjectStore(load(S3Settings))
    targets = Targets(load(WebhookSettings).allowed_networks)
    await _migrate_when_possible(postgres, life)
    async with (
        connect(nats, "metadata", life.end) as broker,
        Database(postgres) as database,
        WebhookSender(targets, WEBHOOKS_AT_ONCE) as sender,
    ):
        persist, presence, queues = PersistReports(database, utc_now), Presence(), Queues(broker)
        streams = Streams(broker)
        erasing = EraseRecording(database=database, store=store, clock=utc_now)
        facts, dead_letters = _consumers(broker, persist, store, streams, settings)
        webhooks = _webhooks(broker, DeliverWebhook(database, sender, utc_now))
        lost_jobs = ReconcileJobs(
            persist=persist, store=store, queues=queues, grace_seconds=settings.reconcile_grace_seconds
        )
        report = ReportStatus(database, queues, presence, utc_now)
        life.probes.ready_when("nats", lambda: broker.connected)
        life.probes.ready_when("postgres", database.answers)
        life.probes.ready_when("consumer", lambda: not (facts.halted or dead_letters.halted or webhooks.halted))
        models, uploads = CommandModels(broker, presence), load(UploadSettings)
        app = build_app(database, store, queues, report, models, uploads, targets, callers.key.get_secret_value())
        in_bucket = ReconcileBucket(persist, store)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(facts.run(life.stop))
            tasks.create_task(dead_letters.run(life.stop))
            tasks.create_task(webhooks.run(life.stop))
            tasks.create_task(request_deliveries(database, utc_now, life.stop))
            tasks.create_task(publish_outbox(database, broker, life.stop))
            tasks.create_task(measure_backlog(database, life.stop))
            tasks.create_task(reconcile(in_bucket, lost_jobs, erasing, settings, life.stop))
            tasks.create_task(presence.listen(broker, life.stop))
            tasks.create_task(announce_presence(broker, "metadata", life))
            tasks.create_task(serve_http(app, listen(settings.host, settings.port), life.stop))


def _consumers(
    broker: Broker, persist: PersistReports, store: ObjectStore, streams: Streams, settings: MetadataSettings
) -> tuple[Consumer, Consumer]:
    """Of the facts, and of the messages that somebody gave up."""
    reports = GroupCommit[Report](persist.persist_reports, settings.events_at_once)
    words = Budget(settings.words_at_once)
    facts = Work(
        stream=subjects.EVENTS,
        durable=subjects.METADATA,
        handle=lambda delivery: _report(persist.database, store, streams, reports, words, delivery.event),
        concurrency=settings.events_at_once,
    )
    dead_letters = Work(
        stream=subjects.DEAD,
        durable=subjects.DEAD_LETTERS,
        handle=lambda delivery: _bury(persist.database, streams, delivery),
    )
    return Consumer(broker, facts), Consumer(broker, dead_letters)


def _webhooks(broker: Broker, delivering: DeliverWebhook) -> Consumer:
    work = Work(
        stream=subjects.WORK,
        durable=subjects.WEBHOOKS,
        handle=lambda delivery: delivering.deliver_webhook(delivery.event),
        give_up=delivering.give_up,
        concurrency=WEBHOOKS_AT_ONCE,
    )
    return Consumer(broker, work)


async def _report(
    database: Database,
    store: ObjectStore,
    streams: Streams,
    reports: GroupCommit[Report],
    words: Budget,
    event: subjects.Event,
) -> None:
    match event:
        case RecordingErased():
            await streams.forget_live(event.tenant, event.job_ids)
            await streams.forget_dead(event.dead_letters)
        case RecordingTranscribed():
            async with words.holding(event.words):
                await reports.write(await read_transcript(store, event))
        case RecordingIngested() | RecordingRejected() | TranscriptionStarted():
            await reports.write(event)
        case TranscriptionFailed() | TranscriptionCancelled():
            await reports.write(event)
        case DatasetAssembled():
            await persist_dataset(database, store, event)
        case TrainingRequested() | TrainingEnded():
            await persist_training(database, event)
        case _:
            raise Poison("unexpected_event", f"The catalogue does not keep {type(event).__name__}.")
    metrics.EVENTS_PERSISTED.labels(subjects.subject_of(event)).inc()


async def _bury(database: Database, streams: Streams, delivery: Delivery) -> None:
    event = delivery.event
    if not isinstance(event, DeadLetter):
        raise Poison("unexpected_event", f"Among dead letters there was {type(event).__name__}.")
    if not await persist_dead_letter(database, event, delivery.position):
        await streams.forget_dead([delivery.position])
    metrics.EVENTS_PERSISTED.labels(subjects.subject_of(event)).inc()


async def _migrate_when_possible(postgres: PostgresSettings, life: Life) -> None:
    life.probes.ready_when("migrated", lambda: False)
    while not life.stop.is_set():
        try:
            await asyncio.to_thread(migrate, postgres.dsn.get_secret_value())
        except Unavailable as exc:
            log.warning("waiting_for_postgres", error=str(exc))
            await stopped_within(life.stop, RETRY_SECONDS)
        else:
            life.probes.ready_when("migrated", lambda: True)
            return
