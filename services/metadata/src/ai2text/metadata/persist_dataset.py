"""A dataset's version that was published: which recordings it uses becomes rows, so that they can be found again."""

import asyncio
import tempfile
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import structlog

from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.datasets import DatasetAssembled, DatasetReference
from ai2text.common.contracts.erasure import DatasetVersion
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.postgres import erasures
from ai2text.metadata.postgres.datasets import save_version
from ai2text.metadata.postgres.deliveries import save_deliveries
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.remains import Remains

log = structlog.get_logger()

BLOCK_BYTES = 1 << 20


async def persist_dataset(database: Database, store: ObjectStore, event: DatasetAssembled) -> None:
    """One transaction; may be repeated. A version with something that was erased meanwhile is withdrawn.

    Raises CatalogueUnavailable, StoreUnavailable, ObjectNotFound, Poison.
    """
    with tempfile.TemporaryFile() as references:
        if event.references_key is not None:
            await asyncio.to_thread(_fetch, store, event.references_key, references)
        references.seek(0)
        async with database.transaction() as connection:
            await save_version(connection, event, _decoded(references))
            await save_deliveries(connection, [event])
            made = Remains(datasets=(DatasetVersion(name=event.name, version=event.version),))
            for recording_id in await erasures.late_references(connection, event.tenant, event.name, event.version):
                await erasures.announce(connection, recording_id, made)
    log.info("dataset_persisted", tenant=event.tenant, name=event.name, version=event.version, rows=event.rows)


def _fetch(store: ObjectStore, key: str, file: BinaryIO) -> None:
    """Blocking. A block at a time, and before there is a transaction: the store may be slow."""
    found = store.stat(key)
    starts = range(0, found.size_bytes, BLOCK_BYTES)
    file.writelines(store.read(key, at, min(BLOCK_BYTES, found.size_bytes - at), found.etag) for at in starts)


def _decoded(lines: Iterable[bytes]) -> Iterator[DatasetReference]:
    return (decode(DatasetReference, line) for line in lines)
