"""Full text of what people see: the current revision of each recording of the tenant."""

import html
from typing import Any

from ai2text.common.errors import Refused
from ai2text.metadata.page import Page
from ai2text.metadata.postgres.pool import Connection

BEGIN, END = "\ue000", "\ue001"
"""Mark a hit until the text is escaped. Characters for private use: what the text has of them is left out."""
HEADLINE = f"StartSel={BEGIN}, StopSel={END}, HighlightAll=true"

HITS = """
    SELECT recording_id::text, segment::text, start, "end", text, highlight
    FROM search_segments(%(query)s, %(marks)s, %(headline)s, %(limit)s)
"""


async def search_segments(connection: Connection, query: str, limit: int) -> Page:
    """The best hits, the newest first among equals; words, "a phrase", or, -without. Raises Refused without a word.

    Of the tenant whose reader `connection` is.
    """
    asked = query.replace("\0", " ")  # PostgreSQL has no such character
    await _check(connection, asked)
    cursor = await connection.execute(
        HITS, {"query": asked, "marks": BEGIN + END, "headline": HEADLINE, "limit": limit}
    )
    return Page(items=[_hit(row) for row in await cursor.fetchall()], next=None)


async def _check(connection: Connection, query: str) -> None:
    """PostgreSQL says '' for no word at all, and T for what only words to be left out remain of."""
    cursor = await connection.execute("SELECT querytree(websearch_to_tsquery('simple', %s)) AS tree", (query,))
    row = await cursor.fetchone()
    if row is None or row["tree"] in {"", "T"}:
        raise Refused("no_word", "Name at least one word to look for, in q.")


def _hit(row: dict[str, Any]) -> dict[str, Any]:
    """The text was never HTML: it is escaped before the marks become elements."""
    escaped = html.escape(row["highlight"])
    return {**row, "highlight": escaped.replace(BEGIN, "<mark>").replace(END, "</mark>")}
