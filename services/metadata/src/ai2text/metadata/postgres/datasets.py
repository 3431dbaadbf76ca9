"""Rows of the published versions of datasets, and of what each was made from; they never change."""

from collections.abc import Iterable, Sequence

from psycopg.rows import scalar_row

from ai2text.common.contracts.datasets import DatasetAssembled, DatasetReference
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.staging import stage
from ai2text.metadata.postgres.tenants import save_tenants

REFERENCES = "tenant, name, version, recording_id, life, revision, job_id"


async def save_version(connection: Connection, event: DatasetAssembled, references: Iterable[DatasetReference]) -> None:
    """May be repeated."""
    version = (event.tenant, event.name, event.version)
    await save_tenants(connection, [event.tenant])
    await connection.execute(
        """
        INSERT INTO dataset_versions (tenant, name, version, version_key, rows, duration_seconds, assembled_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
        (*version, event.version_key, event.rows, event.duration_seconds, event.assembled_at),
    )
    rows = ((*version, one.recording_id, one.life, one.revision, one.job_id) for one in references)
    await stage(connection, "dataset_references", REFERENCES, rows)
    await connection.execute(
        f"INSERT INTO dataset_references ({REFERENCES}) SELECT {REFERENCES} FROM staged_dataset_references "  # noqa: S608
        "ON CONFLICT DO NOTHING"
    )


async def unknown_versions(
    connection: Connection, tenant: str, versions: Sequence[tuple[str, int]]
) -> list[tuple[str, int]]:
    """Of pairs of name and number those that the catalogue has not heard of."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            """
            SELECT asked.place FROM unnest(%(names)s::text[], %(numbers)s::integer[])
                WITH ORDINALITY AS asked (name, version, place)
            WHERE NOT EXISTS (SELECT FROM dataset_versions known WHERE known.tenant = %(tenant)s
                AND known.name = asked.name AND known.version = asked.version)
            """,
            {
                "tenant": tenant,
                "names": [name for name, _ in versions],
                "numbers": [number for _, number in versions],
            },
        )
        return [versions[place - 1] for place in await cursor.fetchall()]
