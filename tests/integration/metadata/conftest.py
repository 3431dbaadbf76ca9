from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.settings import PostgresSettings
from tests.fixtures.servers import Server, new_database
from tests.integration.metadata.inside import Inside


@pytest.fixture(scope="session")
def newest_schema(postgres_server: Server) -> Iterator[str]:
    """The name of a database that was migrated, once: to copy it takes half the time."""
    with new_database(postgres_server) as dsn:
        migrate(dsn)
        yield str(conninfo_to_dict(dsn)["dbname"])


@pytest.fixture
def postgres_dsn(postgres_server: Server, newest_schema: str) -> Iterator[str]:
    """Fresh, with the newest schema."""
    with new_database(postgres_server, newest_schema) as dsn:
        yield dsn


@pytest.fixture
def empty_dsn(postgres_server: Server) -> Iterator[str]:
    """As an administrator makes it."""
    with new_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def owner(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    """Whoever migrates: may do what the service itself may not."""
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    async with Database(PostgresSettings(dsn=postgres_dsn)) as opened:
        yield opened


@pytest.fixture
def inside(database: Database, object_store: ObjectStore, broker: Broker) -> Inside:
    return Inside(database, object_store, broker)
