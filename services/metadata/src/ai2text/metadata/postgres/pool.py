"""The bounded, checked pool of connections; a transaction is the only way to use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ai2text.common.errors import Unavailable
from ai2text.metadata.settings import PostgresSettings

Connection = psycopg.AsyncConnection[DictRow]


class CatalogueUnavailable(Unavailable):
    """PostgreSQL is away, restarting or busy beyond the time-out; the same transaction may succeed later."""


class Database:
    """Transactions on one database. Use as an async context manager."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        timeout_ms = round(settings.statement_timeout_seconds * 1000)
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            settings.dsn.get_secret_value(),
            connection_class=psycopg.AsyncConnection[DictRow],
            kwargs={"row_factory": dict_row, "options": f"-c statement_timeout={timeout_ms} -c timezone=UTC"},
            min_size=1,
            max_size=settings.pool_size,
            timeout=settings.pool_timeout_seconds,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def __aenter__(self) -> Self:
        await self._pool.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close(timeout=5)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Committed at the end, rolled back on any error, the connection always given back.

        A commit whose answer was lost is ambiguous: only idempotent transactions may be tried again.
        """
        try:
            async with self._pool.connection() as connection, connection.transaction():
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as exc:
            raise CatalogueUnavailable(f"PostgreSQL: {exc}") from exc

    async def answers(self) -> bool:
        try:
            async with self.transaction() as connection:
                await connection.execute("SELECT 1")
        except CatalogueUnavailable:
            return False
        return True

    def numbers(self) -> dict[str, Any]:
        """The pool's own counters: waits, errors, sizes."""
        return self._pool.get_stats()
