from collections.abc import AsyncIterator

import pytest

from ai2text.metadata.postgres.migrate import migrate
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.settings import PostgresSettings


@pytest.fixture
async def database(postgres_dsn: str) -> AsyncIterator[Database]:
    """Fresh, with the newest schema."""
    migrate(postgres_dsn)
    async with Database(PostgresSettings(dsn=postgres_dsn)) as opened:
        yield opened
