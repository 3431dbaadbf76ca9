from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.settings import PostgresSettings
from tests.integration.metadata.inside import Inside


@pytest.fixture
def owner(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    """Whoever migrates: may do what the service itself may not."""
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    """Fresh, with the newest schema."""
    migrate(postgres_dsn)
    async with Database(PostgresSettings(dsn=postgres_dsn)) as opened:
        yield opened


@pytest.fixture
def inside(database: Database, object_store: ObjectStore, broker: Broker) -> Inside:
    return Inside(database, object_store, broker)
