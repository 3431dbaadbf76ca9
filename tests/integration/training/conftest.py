import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fastapi import FastAPI

from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common.caller_token import authenticated
from ai2text.common.http_server import listen, serve_http
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.routes.snapshot import snapshot_router
from ai2text.metadata.settings import PostgresSettings
from ai2text.training_orchestrator.assemble_dataset import AssembleDataset
from ai2text.training_orchestrator.catalogue import Catalogue, metadata_client
from ai2text.training_orchestrator.settings import OrchestratorSettings
from tests.fixtures.datasets import Orchestrator, orchestrating
from tests.fixtures.fault_proxy import FaultProxy
from tests.fixtures.inside import KEY


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    migrate(postgres_dsn)
    async with Database(PostgresSettings(dsn=postgres_dsn)) as opened:
        yield opened


@pytest.fixture
async def metadata(database: Database) -> AsyncIterator[FaultProxy]:
    """The way to the real route on the real database."""
    app = FastAPI()
    app.include_router(snapshot_router(database, authenticated(KEY)))
    stop, listener = asyncio.Event(), listen("127.0.0.1", 0)
    serving = asyncio.create_task(serve_http(app, listener, stop))
    with FaultProxy("127.0.0.1", listener.getsockname()[1]) as proxy:
        yield proxy
    stop.set()
    await serving


@pytest.fixture
async def client(metadata: FaultProxy) -> AsyncIterator[httpx.AsyncClient]:
    settings = OrchestratorSettings(metadata_url=f"http://{metadata.address}", read_timeout_seconds=5)
    async with metadata_client(settings) as opened:
        yield opened


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(children=2)) as opened:
        yield opened


@pytest.fixture
def orchestrator(
    client: httpx.AsyncClient, object_store: ObjectStore, broker: Broker, sandbox: Sandbox
) -> Orchestrator:
    return orchestrating(object_store, Catalogue(client, KEY), broker, sandbox)


@pytest.fixture
def assemble(orchestrator: Orchestrator) -> AssembleDataset:
    return orchestrator.assemble
