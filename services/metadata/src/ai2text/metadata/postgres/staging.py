"""Rows on their way: copied into a temporary table of the connection, and merged from there by one statement."""

from collections.abc import Iterable, Sequence
from typing import LiteralString

from ai2text.metadata.postgres.pool import Connection


async def stage(
    connection: Connection, table: LiteralString, columns: LiteralString, rows: Iterable[Sequence[object]]
) -> None:
    """Into `staged_<table>`, which has the columns of `table` without its rules, and is empty after each transaction.

    COPY straight into a table is refused where row-level security holds, and knows no conflicts.
    """
    await connection.execute(
        f"CREATE TEMP TABLE IF NOT EXISTS staged_{table} ON COMMIT DELETE ROWS AS TABLE {table} WITH NO DATA"
    )
    async with connection.cursor() as cursor, cursor.copy(f"COPY staged_{table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            if block := copy.formatter.write_row(row):  # copy.write_row would wait for the connection at each row
                await copy.write(block)
