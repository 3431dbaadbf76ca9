"""The bounded, checked pools of connections, one for each role; a transaction is the only way to use them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ai2text.common.errors import Unavailable
from ai2text.metadata.settings import PostgresSettings

Connection = psycopg.AsyncConnection[DictRow]
PAGES = ("plan_cache_mode=force_custom_plan", "max_parallel_workers_per_gather=0")
"""A plan for any tag and any limit sorts the whole tenant (30 ms of a million); one for these values takes a page.
Workers take longer to start than a page to read (20 ms instead of 7)."""
RECONNECT_SECONDS = 5.0
"""The pool doubles its pauses for so long; who asks after that begins anew, so nobody sleeps on when it is back."""
VANISHED = {"connect_timeout": 5, "tcp_user_timeout": 30_000, "keepalives_idle": 10, "keepalives_interval": 5}
"""Seconds and milliseconds after which a machine counts as away that went without a word."""


class CatalogueUnavailable(Unavailable):
    """PostgreSQL is away, restarting or busy beyond the time-out; the same transaction may succeed later."""


class Database:
    """Transactions on one database. Use as an async context manager, and after `migrate`, which makes its roles."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        self._writers = self._pool("role=ai2text_writer")
        self._readers = self._pool("role=ai2text_reader", "default_transaction_read_only=on", *PAGES)

    def _pool(self, *options: str) -> AsyncConnectionPool[Connection]:
        timeout_ms = round(self._settings.statement_timeout_seconds * 1000)
        told = (*options, f"statement_timeout={timeout_ms}", "timezone=UTC")
        return AsyncConnectionPool(
            self._settings.dsn.get_secret_value(),
            connection_class=psycopg.AsyncConnection[DictRow],
            kwargs={**VANISHED, "row_factory": dict_row, "options": " ".join(f"-c {option}" for option in told)},
            min_size=1,
            max_size=self._settings.pool_size,
            timeout=self._settings.pool_timeout_seconds,
            reconnect_timeout=RECONNECT_SECONDS,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def __aenter__(self) -> Self:
        await self._writers.open()
        await self._readers.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._readers.close(timeout=5)
        await self._writers.close(timeout=5)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """On the rows of all tenants. Committed at the end, rolled back on any error, the connection always given back.

        A commit whose answer was lost is ambiguous: only idempotent transactions may be tried again.
        """
        async with _transaction(self._writers) as connection:
            yield connection

    @asynccontextmanager
    async def reading(self, tenant: str) -> AsyncIterator[Connection]:
        """Shows the rows of this tenant and no others, whatever the statement forgets to say."""
        async with _transaction(self._readers) as connection:
            await connection.execute("SELECT set_config('ai2text.tenant', %s, true)", (tenant,))
            yield connection

    async def answers(self) -> bool:
        try:
            async with self.transaction() as connection:
                await connection.execute("SELECT 1")
        except CatalogueUnavailable:
            return False
        return True

    def numbers(self) -> dict[str, dict[str, Any]]:
        """The pools' own counters, by role: waits, errors, sizes."""
        return {"writer": self._writers.get_stats(), "reader": self._readers.get_stats()}


@asynccontextmanager
async def _transaction(pool: AsyncConnectionPool[Connection]) -> AsyncIterator[Connection]:
    try:
        async with pool.connection() as connection, connection.transaction():
            yield connection
    except (psycopg.OperationalError, PoolTimeout) as exc:
        raise CatalogueUnavailable(f"PostgreSQL: {exc}") from exc
