"""From nothing, from every version before, and by several replicas at once: one schema, and every row still there."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

import ai2text.metadata.migrations as migrations_package
from ai2text.metadata.postgres.migrate import migrate
from tests.integration.metadata.schema import rows_of, schema_of

REPLICAS = 4
MIGRATE = "import sys; from ai2text.metadata.postgres.migrate import migrate; migrate(sys.argv[1])"

WRITTEN_BY = Path(__file__).parent / "written_by"
"""What each version could write that none before it could; a migration brings its own file."""


@pytest.fixture
def postgres_dsn(empty_dsn: str) -> str:
    return empty_dsn


def revisions() -> list[str]:
    """The oldest first."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations_package.__file__).parent))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


def written_by(dsn: str, revision: str) -> dict[str, list[dict[str, Any]]]:
    """A catalogue as that version left it, with the rows of all versions up to it."""
    for each in revisions()[: revisions().index(revision) + 1]:
        migrate(dsn, each)
        with psycopg.connect(dsn) as connection:
            connection.execute((WRITTEN_BY / f"{each}.sql").read_bytes())
    with psycopg.connect(dsn) as connection:
        return rows_of(connection)


@pytest.fixture
def newest(owner: psycopg.Connection, postgres_dsn: str) -> dict[str, list[str]]:
    """The schema that an empty database gets; it is empty again afterwards."""
    migrate(postgres_dsn)
    schema = schema_of(owner)
    owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return schema


@pytest.mark.parametrize("revision", revisions())
def test_a_catalogue_of_any_version_gets_the_newest_schema_and_keeps_every_row(
    newest: dict[str, list[str]], owner: psycopg.Connection, postgres_dsn: str, revision: str
) -> None:
    before = written_by(postgres_dsn, revision)
    migrate(postgres_dsn)
    assert schema_of(owner) == newest
    after = rows_of(owner)
    for table, rows in before.items():
        if table == "alembic_version":
            continue
        kept = [{name: row[name] for name in rows[0]} for row in after[table]] if rows else after[table]
        assert sorted(map(_but_new_positions, kept), key=str) == sorted(map(_but_new_positions, rows), key=str), table
    assert {row["tenant"] for row in after["tenants"]} == {"acme", "other"}


def _but_new_positions(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "position"}


@pytest.mark.parametrize("revision", [None, "0001", "0004"])
def test_replicas_that_start_together_migrate_once_and_all_of_them_come_up(
    newest: dict[str, list[str]], owner: psycopg.Connection, postgres_dsn: str, revision: str | None
) -> None:
    if revision:
        written_by(postgres_dsn, revision)
    replicas = [subprocess.Popen([sys.executable, "-c", MIGRATE, postgres_dsn]) for _ in range(REPLICAS)]
    assert [replica.wait(60) for replica in replicas] == [0] * REPLICAS
    assert schema_of(owner) == newest
    assert owner.execute("SELECT version_num FROM alembic_version").fetchall() == [(revisions()[-1],)]


def test_a_migration_that_breaks_off_leaves_the_version_before_whole(
    owner: psycopg.Connection, postgres_dsn: str
) -> None:
    written_by(postgres_dsn, "0004")
    before, rows = schema_of(owner), rows_of(owner)
    owner.execute("CREATE TABLE dataset_versions ()")
    with pytest.raises(Exception, match="dataset_versions"):
        migrate(postgres_dsn)
    owner.execute("DROP TABLE dataset_versions")
    assert (schema_of(owner), rows_of(owner)) == (before, rows)
    migrate(postgres_dsn)


def test_neither_an_extension_nor_an_icu_collation_is_needed(owner: psycopg.Connection, postgres_dsn: str) -> None:
    migrate(postgres_dsn)
    assert owner.execute("SELECT extname FROM pg_extension").fetchall() == [("plpgsql",)]
    collations = owner.execute(
        """
        SELECT DISTINCT l.collprovider::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_collation l ON l.oid = a.attcollation WHERE c.relnamespace = 'public'::regnamespace
        """
    ).fetchall()
    assert {provider for (provider,) in collations} <= {"d", "c"}, "the database's own, or libc's"
