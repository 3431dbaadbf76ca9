"""Brings the schema to the newest version, under a lock, so that replicas may start together."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import ProgrammingError

import ai2text.metadata.migrations as migrations_package
from ai2text.common.errors import Misconfigured
from ai2text.metadata.postgres.pool import CatalogueUnavailable

LOCK_KEY = 4_215_930_721
"""Any constant: whoever holds this advisory lock migrates, the others wait and find nothing to do."""
MAKE_ROLES = (
    "The user of AI2TEXT_POSTGRES_DSN may not make what the catalogue needs. Let an administrator run: "
    "CREATE ROLE ai2text_reader NOLOGIN; CREATE ROLE ai2text_writer NOLOGIN; "
    "GRANT ai2text_reader, ai2text_writer TO that user WITH INHERIT TRUE, SET TRUE."
)


def migrate(dsn: str, revision: str = "head") -> None:
    """Blocking. Raises CatalogueUnavailable when the database is away, Misconfigured when it refuses the login."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations_package.__file__).parent))
    engine = create_engine("postgresql+psycopg://", creator=lambda: _connect(dsn), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, revision)
        except ProgrammingError as exc:
            if isinstance(exc.orig, psycopg.errors.InsufficientPrivilege):
                raise Misconfigured(f"{MAKE_ROLES} ({exc.orig})") from exc
            raise


def _connect(dsn: str) -> psycopg.Connection:
    try:
        return psycopg.connect(dsn, connect_timeout=5)
    except psycopg.OperationalError as exc:
        if "authentication failed" in str(exc):
            raise Misconfigured(f"PostgreSQL refused the login of AI2TEXT_POSTGRES_DSN: {exc}") from exc
        raise CatalogueUnavailable(f"PostgreSQL does not answer: {exc}") from exc
