"""The public application: every route behind a scope, every error as a problem, nothing of the inside."""

from fastapi import FastAPI

from ai2text.api_gateway.auth import Door
from ai2text.api_gateway.inside import Service
from ai2text.api_gateway.request_context import RequestContext
from ai2text.api_gateway.routes.jobs import jobs_router
from ai2text.api_gateway.routes.recordings import recordings_router
from ai2text.api_gateway.routes.status import status_router
from ai2text.common.problems import answer_errors_as_problems


def build_app(door: Door, metadata: Service, ingestion: Service) -> FastAPI:
    app = FastAPI(title="AI2Text", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    answer_errors_as_problems(app)
    app.add_middleware(RequestContext)
    app.include_router(recordings_router(door, metadata, ingestion))
    app.include_router(jobs_router(door, metadata))
    app.include_router(status_router(door, metadata, ingestion))
    return app
