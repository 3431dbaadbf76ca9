"""Full text of what people see: the current revision of each recording of the tenant."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from ai2text.common.errors import Refused
from ai2text.metadata.highlight import BEGIN, END, highlight
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.search_query import Alternatives, Term, read_query

RANKED = 2000
"""So many hits are compared, the newest recordings' where there are more."""
MOST_CHARACTERS = 500
"""Of a query; PostgreSQL takes words of up to 2,046 bytes."""
HEADLINE = f"StartSel={BEGIN}, StopSel={END}, HighlightAll=true"

CONFIGURATIONS = """
    WITH RECURSIVE spoken AS (
        (SELECT language FROM recordings WHERE tenant = current_setting('ai2text.tenant') AND language IS NOT NULL
         ORDER BY language LIMIT 1)
        UNION ALL
        SELECT (SELECT r.language FROM recordings r
                WHERE r.tenant = current_setting('ai2text.tenant') AND r.language > s.language
                ORDER BY r.language LIMIT 1)
        FROM spoken s WHERE s.language IS NOT NULL
    )
    SELECT DISTINCT search_configuration(language) AS configuration FROM spoken
    UNION SELECT 'simple'::regconfig
"""
HITS = """
    SELECT recording_id::text, segment::text, start, "end", text, stems, beginnings, more
    FROM find_segments(%(configurations)s::text[]::regconfig[], %(queries)s::text[]::tsquery[], %(prefixes)s::tsquery,
        %(language)s, %(tag)s, %(created_after)s, %(recording_id)s, %(headline)s, %(ranked)s, %(limit)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Of which recordings; None does not restrict."""

    language: str | None = None
    tag: str | None = None
    created_after: datetime | None = None
    recording_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    items: list[dict[str, Any]]
    next: None = None
    """The best are at the beginning: who wants others asks more narrowly."""
    more: bool
    """There are more hits than were compared."""


EVERYWHERE = Filters()


async def search_segments(connection: Connection, query: str, limit: int, filters: Filters = EVERYWHERE) -> Found:
    """The best hits, the newest first among equals, of the tenant whose reader `connection` is.

    Raises Refused without a word.
    """
    if len(query) > MOST_CHARACTERS:
        raise Refused("query_too_long", f"At most {MOST_CHARACTERS} characters can be looked for, in q.")
    asked = await _in_each_configuration(connection, read_query(query))
    cursor = await connection.execute(
        HITS, {**asked, **asdict(filters), "headline": HEADLINE, "ranked": RANKED, "limit": limit}
    )
    rows = await cursor.fetchall()
    return Found(items=[_hit(row) for row in rows], more=any(row["more"] for row in rows))


async def _in_each_configuration(connection: Connection, alternatives: Alternatives) -> dict[str, Any]:
    """By the rules of each language that the tenant has.

    PostgreSQL says '' for no word at all, and T for what only words to be left out remain of.
    """
    prefixes = [[term] for terms in alternatives for term in terms if term.prefix and not term.without]
    asked, words = _any_of(alternatives)
    beginning, beginning_words = _any_of(prefixes)
    cursor = await connection.execute(
        f"""
        SELECT configuration::text, query::text, querytree(query) AS tree, ({beginning})::text AS prefixes
        FROM (SELECT configuration, {asked} AS query FROM ({CONFIGURATIONS}) AS known) AS each
        """,  # noqa: S608 - constants
        [*beginning_words, *words],
    )
    rows = [row for row in await cursor.fetchall() if row["tree"] not in {"", "T"}]
    if not rows:
        raise Refused("no_word", "Name at least one word to look for, in q.")
    return {
        "configurations": [row["configuration"] for row in rows],
        "queries": [row["query"] for row in rows],
        "prefixes": rows[0]["prefixes"],
    }


def _any_of(alternatives: Alternatives) -> tuple[LiteralString, list[str]]:
    """SQL for a tsquery by `configuration`, and its parameters."""
    each: list[LiteralString] = ["(" + " && ".join(_matching(term) for term in terms) + ")" for terms in alternatives]
    return " || ".join(each) or "''::tsquery", [term.text for terms in alternatives for term in terms]


def _matching(term: Term) -> LiteralString:
    """Letters and digits need no quoting."""
    found: LiteralString = "websearch_to_tsquery(configuration, folded(%s))"
    if term.prefix:
        found = "('''' || folded(%s) || ''':*')::tsquery"
    return f"!!({found})" if term.without else found


def _hit(row: dict[str, Any]) -> dict[str, Any]:
    shown = {name: row[name] for name in ("recording_id", "segment", "start", "end", "text")}
    return {**shown, "highlight": highlight(row["text"], row["stems"], row["beginnings"])}
