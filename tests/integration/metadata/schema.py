"""What PostgreSQL itself says of a database: everything that a migration can make, and every row."""

from typing import Any

import psycopg
from psycopg import sql

CATALOGUE = {
    "columns": """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
            pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum), a.attacl::text
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm') AND a.attnum > 0
            AND NOT a.attisdropped
    """,
    "relations": """
        SELECT relname, relkind, relpersistence, relrowsecurity, relforcerowsecurity, relacl::text, reloptions
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'S', 'i')
    """,
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    """,
    "policies": """
        SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies
        WHERE schemaname = 'public'
    """,
    "functions": """
        SELECT proname, pg_get_functiondef(oid), proacl::text, obj_description(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
    """,
    "triggers": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "extensions": "SELECT extname FROM pg_extension",
}


def schema_of(connection: psycopg.Connection) -> dict[str, list[str]]:
    """By kind, in an order of its own."""
    return {kind: sorted(str(row) for row in connection.execute(query).fetchall()) for kind, query in CATALOGUE.items()}


def rows_of(connection: psycopg.Connection) -> dict[str, list[dict[str, Any]]]:
    """Of every table, each row as JSON."""
    names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {
        name: [
            row for (row,) in connection.execute(sql.SQL("SELECT to_jsonb(t) FROM {} t").format(sql.Identifier(name)))
        ]
        for (name,) in names
    }
