"""The public application: every route behind a scope, every error in its clients' form, nothing of the inside."""

from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import WebSocketRequestValidationError
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from ai2text.api_gateway.audit_trail import AuditTrail
from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.body_limits import BodyLimits
from ai2text.api_gateway.cursors import Cursors
from ai2text.api_gateway.follow_job import FollowJob
from ai2text.api_gateway.inside import Services
from ai2text.api_gateway.live import Live
from ai2text.api_gateway.openai_errors import OpenAIRefused, openai_error, rendered
from ai2text.api_gateway.openapi import DescribedApp
from ai2text.api_gateway.quotas import Quotas
from ai2text.api_gateway.request_context import RequestContext
from ai2text.api_gateway.routes.datasets import datasets_router
from ai2text.api_gateway.routes.dead_letters import dead_letters_router
from ai2text.api_gateway.routes.document import document_router
from ai2text.api_gateway.routes.events import events_router
from ai2text.api_gateway.routes.jobs import jobs_router
from ai2text.api_gateway.routes.keys import keys_router
from ai2text.api_gateway.routes.models import models_router
from ai2text.api_gateway.routes.openai import openai_router
from ai2text.api_gateway.routes.recordings import recordings_router
from ai2text.api_gateway.routes.retention import retention_router
from ai2text.api_gateway.routes.review import review_router
from ai2text.api_gateway.routes.search import search_router
from ai2text.api_gateway.routes.status import status_router
from ai2text.api_gateway.routes.transcripts import transcripts_router
from ai2text.api_gateway.routes.uploads import uploads_router
from ai2text.api_gateway.routes.webhooks import webhooks_router
from ai2text.api_gateway.security_headers import SecurityHeaders
from ai2text.api_gateway.settings import GatewaySettings
from ai2text.api_gateway.tenant_events import TenantEvents
from ai2text.api_gateway.transcribe_upload import TranscribeUpload
from ai2text.common.problems import answer_errors_as_problems, faults, problem
from ai2text.common.run import Life
from ai2text.common.tracing import OWN_SPANS_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What is heard over NATS, and how callers name places in it."""

    live: Live
    events: TenantEvents
    cursors: Cursors


def build_app(
    door: Door,
    services: Services,
    hearing: Hearing,
    settings: GatewaySettings,
    life: Life,
    trail: AuditTrail,
) -> FastAPI:
    metadata, ingestion, quotas = services.metadata, services.ingestion, Quotas(services.metadata)
    following = FollowJob(metadata, hearing.live, life.stop)
    app = DescribedApp(
        telemetry=OWN_SPANS_ONLY, title="AI2Text", version="1", docs_url=None, redoc_url=None, openapi_url=None
    )
    answer_errors_as_problems(app, rendered)

    @app.exception_handler(OpenAIRefused)
    async def refused(_: Request, exc: OpenAIRefused) -> Response:
        return openai_error(exc)

    @app.exception_handler(WebSocketRequestValidationError)
    async def invalid(request: Request, exc: WebSocketRequestValidationError) -> Response:
        return problem(request, 422, "invalid_request", faults(exc))

    app.add_middleware(BodyLimits, audio_bytes=settings.max_upload_bytes)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=["*"],
        )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestContext, trail=trail)  # it answers for all the others
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=[str(network) for network in settings.trusted_proxies])
    app.include_router(document_router(app, door))
    app.include_router(recordings_router(door, metadata, ingestion, quotas))
    app.include_router(transcripts_router(door, metadata))
    app.include_router(uploads_router(door, ingestion, quotas))
    app.include_router(jobs_router(door, metadata, following, hearing.cursors))
    app.include_router(events_router(door, hearing.events, hearing.cursors, settings.cors_origins))
    app.include_router(datasets_router(door, services.orchestrator))
    app.include_router(search_router(door, metadata))
    app.include_router(review_router(door, metadata))
    app.include_router(dead_letters_router(door, metadata))
    app.include_router(keys_router(door, metadata))
    app.include_router(webhooks_router(door, metadata))
    app.include_router(retention_router(door, metadata))
    app.include_router(status_router(door, metadata, ingestion, life))
    app.include_router(models_router(door, metadata, settings))
    app.include_router(
        openai_router(door, TranscribeUpload(metadata, ingestion, following, settings), quotas, settings)
    )
    return app
