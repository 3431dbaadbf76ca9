"""The bucket is the memory: recordings, outcomes and datasets that the catalogue does not know are read from it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar
from uuid import UUID

import structlog

from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.datasets import DatasetAssembled
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.errors import ObjectNotFound, Poison
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.correct_transcript import CorrectTranscript
from ai2text.metadata.erase_recording import EraseRecording
from ai2text.metadata.news import Report
from ai2text.metadata.persist_dataset import persist_dataset
from ai2text.metadata.persist_reports import PersistReports, read_outcome
from ai2text.metadata.postgres import datasets, erasures, jobs
from ai2text.metadata.postgres.pool import Connection
from ai2text.metadata.postgres.revisions import unknown_revisions
from ai2text.metadata.remains import Remains

log = structlog.get_logger()

T = TypeVar("T")
LISTED_AT_ONCE = 500
READ_AT_ONCE = 32
_NUMBER = re.compile(r"[0-9]{6,9}")
Read = Callable[[str], Report]


class ReconcileBucket:
    """The use case with what it needs."""

    def __init__(self, persist: PersistReports, store: ObjectStore) -> None:
        self._persist = persist
        self._erasing = EraseRecording(database=persist.database, store=store, clock=persist.clock)
        self._correcting = CorrectTranscript(database=persist.database, store=store, clock=persist.clock)
        self._store = store

    async def reconcile_bucket(self) -> int:
        """How many objects told something new. Lists every tenant's, and reads the unknown ones.

        What is told already only changes nothing. Raises Unavailable.
        """
        told = 0
        for folder in await asyncio.to_thread(lambda: list(self._store.folders(""))):
            tenant = folder.removesuffix("/")
            if identity.TENANT_PATTERN.fullmatch(tenant):
                told += await self._tombstones(tenant)  # before what they say is gone
                told += await self._facts(tenant)
                told += await self._outcomes(tenant)
                told += await self._revisions(tenant)
                told += await self._datasets(tenant)
        if told:
            log.warning("catalogue_restored", objects=told)
        return told

    async def _tombstones(self, tenant: str) -> int:
        told = 0
        prefix = identity.tombstones_prefix(tenant)
        async for found in _batches(self._store.written(prefix)):
            names = {one.key.removeprefix(prefix).removesuffix(".json"): one.modified_at for one in found}
            written = {name: at for name, at in names.items() if at is not None and _is_id(name)}
            async with self._persist.database.transaction() as connection:
                unknown = await erasures.unknown_tombstones(connection, written)
            for recording_id in unknown:
                told += await _told(identity.tombstone_key(tenant, recording_id), self._erasing.take_in)
        return told

    async def _facts(self, tenant: str) -> int:
        told = 0
        async for found in _batches(self._keys(identity.facts_prefix(tenant), parts=3)):
            pairs = {(parts[1], parts[2]): key for key, parts in found}
            async with self._persist.database.transaction() as connection:
                unknown = await jobs.unknown_asks(connection, list(pairs))
            told += await self._tell((pairs[pair] for pair in unknown), self._read_facts)
        return told

    async def _outcomes(self, tenant: str) -> int:
        told = 0
        async for found in _batches(self._keys(identity.outcomes_prefix(tenant), parts=1)):
            by_job = {parts[0]: key for key, parts in found}
            async with self._persist.database.transaction() as connection:
                unknown = await jobs.without_end(connection, list(by_job))
            told += await self._tell((by_job[job] for job in unknown), lambda key: read_outcome(self._store, key))
        return told

    async def _revisions(self, tenant: str) -> int:
        """In the order of their numbers, each on what was there before it."""
        told = 0
        async for keys in _batches(self._revision_keys(tenant)):
            async with self._persist.database.transaction() as connection:
                unknown = await unknown_revisions(connection, keys)
                late = await _late_revisions(connection, unknown)
                for recording_id, of_it in late.items():
                    await erasures.announce(connection, recording_id, Remains(keys=tuple(of_it)))
            wanted = set(unknown).difference(*late.values())
            for key in keys:
                told += key in wanted and await _told(key, self._correcting.take_in)
        return told

    async def _datasets(self, tenant: str) -> int:
        told = 0
        async for found in _batches(self._versions(tenant)):
            async with self._persist.database.transaction() as connection:
                unknown = await datasets.unknown_versions(connection, tenant, found)
            for name, version in unknown:
                told += await _told(identity.assembled_key(tenant, name, version), self._take_in_version)
        return told

    async def _take_in_version(self, key: str) -> bool:
        assembled = decode(DatasetAssembled, await asyncio.to_thread(self._store.get, key))
        await persist_dataset(self._persist.database, self._store, assembled)
        return True

    def _versions(self, tenant: str) -> Iterator[tuple[str, int]]:
        """Blocking: names and numbers."""
        return ((name, number) for _, name, number in self._numbered(identity.assembled_prefix(tenant), lambda _: True))

    def _revision_keys(self, tenant: str) -> Iterator[str]:
        """Blocking; those of one recording follow each other."""
        return (key for key, _, _ in self._numbered(identity.revisions_prefix(tenant), _is_recording))

    def _numbered(self, prefix: str, is_name: Callable[[str], bool]) -> Iterator[tuple[str, str, int]]:
        """Blocking: keys that are a name and a number below the prefix, with both."""
        for found in self._store.written(prefix):
            name, _, number = found.key.removeprefix(prefix).removesuffix(".json").partition("/")
            if is_name(name) and _NUMBER.fullmatch(number):
                yield found.key, name, int(number)
            else:
                log.warning("object_of_unknown_form", key=found.key)

    def _read_facts(self, key: str) -> RecordingIngested:
        return decode(RecordingIngested, self._store.get(key))

    def _keys(self, prefix: str, parts: int) -> Iterator[tuple[str, list[str]]]:
        """Blocking: keys of the known form, each with its parts below the prefix; the last ones are ids."""
        for found in self._store.written(prefix):
            below = found.key.removeprefix(prefix).removesuffix(".json").split("/")
            if len(below) == parts and all(map(_is_id, below[-2:])):
                yield found.key, below
            else:
                log.warning("object_of_unknown_form", key=found.key)

    async def _tell(self, keys: Iterable[str], read: Read) -> int:
        waiting, told = iter(keys), 0
        while batch := list(islice(waiting, READ_AT_ONCE)):
            reports = await asyncio.to_thread(_read_all, batch, read)
            await self._persist.persist_reports(reports)
            told += len(reports)
        return told


def _read_all(keys: Iterable[str], read: Read) -> list[Report]:
    """Blocking. One object that cannot be read hides no other."""
    reports: list[Report] = []
    for key in keys:
        try:
            reports.append(read(key))
        except (Poison, ObjectNotFound) as exc:
            log.error("object_unreadable", key=key, error=str(exc))  # noqa: TRY400 - says it all
    return reports


async def _told(key: str, take_in: Callable[[str], Awaitable[bool]]) -> bool:
    """Likewise, of what is no report."""
    try:
        return await take_in(key)
    except (Poison, ObjectNotFound) as exc:
        log.error("object_unreadable", key=key, error=str(exc))  # noqa: TRY400 - says it all
        return False


async def _batches(items: Iterator[T]) -> AsyncIterator[list[T]]:
    """Of a blocking iterator."""
    while batch := await asyncio.to_thread(lambda: list(islice(items, LISTED_AT_ONCE))):
        yield batch


async def _late_revisions(connection: Connection, keys: Iterable[str]) -> dict[str, list[str]]:
    """Of lives that were erased, by recording."""
    places = {key: identity.recording_and_life(key) for key in keys}
    erased = await erasures.next_lives(connection, {recording_id for recording_id, _ in places.values()})
    late: dict[str, list[str]] = {}
    for key, (recording_id, life) in places.items():
        if life < erased.get(recording_id, 0):
            late.setdefault(recording_id, []).append(key)
    return late


def _is_recording(text: str) -> bool:
    """In one of its lives."""
    recording_id, _, life = text.partition(".")
    return _is_id(recording_id) and (not life or life.isdecimal())


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
