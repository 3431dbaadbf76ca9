"""The inside API; the paths are those of the outside, the gateway passes them on."""

from fastapi import FastAPI

from ai2text.common.ask import UploadSettings
from ai2text.common.caller_token import authenticated
from ai2text.common.clock import utc_now
from ai2text.common.object_store import ObjectStore
from ai2text.common.problems import answer_errors_as_problems
from ai2text.common.tracing import OWN_SPANS_ONLY
from ai2text.metadata.cancel_job import CancelJob
from ai2text.metadata.command_models import CommandModels
from ai2text.metadata.correct_transcript import CorrectTranscript
from ai2text.metadata.erase_recording import EraseRecording
from ai2text.metadata.persist_reports import PersistReports
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.queues import Queues
from ai2text.metadata.reads import Reads
from ai2text.metadata.report_status import ReportStatus
from ai2text.metadata.request_job import RequestJob
from ai2text.metadata.routes.audit import audit_router
from ai2text.metadata.routes.corrections import answer_stale, corrections_router
from ai2text.metadata.routes.datasets import datasets_router
from ai2text.metadata.routes.dead_letters import dead_letters_router
from ai2text.metadata.routes.jobs import jobs_router
from ai2text.metadata.routes.keys import answer_key_errors, keys_router
from ai2text.metadata.routes.models import models_router
from ai2text.metadata.routes.quotas import quotas_router
from ai2text.metadata.routes.recordings import recordings_router
from ai2text.metadata.routes.retention import retention_router
from ai2text.metadata.routes.review import review_router
from ai2text.metadata.routes.search import search_router
from ai2text.metadata.routes.snapshot import snapshot_router
from ai2text.metadata.routes.status import status_router
from ai2text.metadata.routes.webhooks import webhooks_router
from ai2text.metadata.subscribe_webhook import SubscribeWebhook
from ai2text.metadata.webhook_targets import Targets


def build_app(  # noqa: PLR0913, PLR0917 - each is some router's own
    database: Database,
    store: ObjectStore,
    queues: Queues,
    report: ReportStatus,
    models: CommandModels,
    uploads: UploadSettings,
    targets: Targets,
    caller_key: str,
) -> FastAPI:
    app = FastAPI(telemetry=OWN_SPANS_ONLY, openapi_url=None)
    answer_errors_as_problems(app)
    answer_key_errors(app)
    answer_stale(app)

    caller = authenticated(caller_key)
    reads = Reads(database, queues)
    requesting = RequestJob(reads, uploads, utc_now)
    cancelling = CancelJob(reads=reads, persist=PersistReports(database, utc_now), store=store, clock=utc_now)
    erasing = EraseRecording(database=database, store=store, clock=utc_now)
    app.include_router(recordings_router(reads, store, erasing, caller))
    app.include_router(jobs_router(reads, store, requesting, cancelling, caller))
    correcting = CorrectTranscript(database=database, store=store, clock=utc_now)
    app.include_router(corrections_router(correcting, caller))
    app.include_router(search_router(database, caller))
    app.include_router(review_router(database, caller))
    app.include_router(dead_letters_router(database, caller))
    app.include_router(datasets_router(reads, caller))
    app.include_router(keys_router(database, caller))
    app.include_router(webhooks_router(database, SubscribeWebhook(database, targets), caller))
    app.include_router(audit_router(database, caller))
    app.include_router(snapshot_router(database, caller))
    app.include_router(status_router(report, caller))
    app.include_router(quotas_router(database, caller))
    app.include_router(retention_router(database, caller))
    app.include_router(models_router(models, caller))
    return app
