"""What ingestion and the workers report becomes rows, a batch in one transaction, in whatever order it arrives."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.announcement import cancelled, failed
from ai2text.common.contracts.codec import decode_outcome
from ai2text.common.contracts.outcome import Cancellation, Failure, Transcript
from ai2text.common.contracts.transcription import (
    RecordingTranscribed,
    TranscriptionCancelled,
    TranscriptionRequested,
)
from ai2text.common.contracts.transcripts import TranscriptPersisted
from ai2text.common.errors import Poison
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.news import Announced, End, News, Report, Transcribed
from ai2text.metadata.postgres import attempts, erasures, jobs, outbox, recordings, transcripts
from ai2text.metadata.postgres.deliveries import save_deliveries
from ai2text.metadata.postgres.pool import Connection, Database
from ai2text.metadata.postgres.tenants import save_tenants
from ai2text.metadata.postgres.transcripts import NewRevision
from ai2text.metadata.remains import parted, recordings_of

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PersistReports:
    """The use case with what it needs."""

    database: Database
    clock: Clock

    async def persist_reports(self, reports: Sequence[Report]) -> None:
        """One transaction; may be repeated. Raises CatalogueUnavailable."""
        new = await _undisturbed(lambda: self._persist(reports))
        log.debug("reports_persisted", reports=len(reports))
        _tell(new)

    async def persist_found(self, end: End) -> None:
        """What was found standing; may be repeated. Raises CatalogueUnavailable.

        A cancellation is announced too, if the catalogue did not know it: whoever wrote it may have died of that.
        """
        _tell(await _undisturbed(lambda: self._persist_found(end)))

    async def _persist(self, reports: Sequence[Report]) -> list[TranscriptPersisted]:
        async with self.database.transaction() as connection:
            new = await self._save(connection, reports)
            log.debug("reports_saved", reports=len(reports))
        return new

    async def _persist_found(self, end: End) -> list[TranscriptPersisted]:
        news = News([end])
        (recording_id,), (job_id,) = news.recordings, news.jobs
        async with self.database.transaction() as connection:
            await recordings.hold(connection, recording_id)
            known = await jobs.has_ended(connection, job_id)
            new = await self._save(connection, [end])
            if isinstance(end, TranscriptionCancelled) and not known:
                await outbox.put(connection, end)
        return new

    async def _save(self, connection: Connection, reports: Sequence[Report]) -> list[TranscriptPersisted]:
        """Not what was erased: whoever holds something of that is told once more. Raises Overtaken."""
        spoken_of = recordings_of(reports)
        erased = await erasures.next_lives(connection, spoken_of)
        counting, late = parted(reports, erased)
        new = await save(connection, News(counting), self.clock)
        if await erasures.next_lives(connection, spoken_of) != erased:
            raise Overtaken
        await save_deliveries(connection, [*_events(counting), *new])
        for report in late:
            await erasures.announce_late(connection, report)
        return new


class Overtaken(Exception):
    """By an erasure, between looking for erasures and holding the recordings' rows."""


async def _undisturbed(attempt: Callable[[], Awaitable[T]]) -> T:
    while True:
        with suppress(Overtaken):
            return await attempt()


def _events(reports: Iterable[Report]) -> Iterator[Announced]:
    return (report for report in reports if not isinstance(report, Transcribed))


def _tell(new: Sequence[TranscriptPersisted]) -> None:
    for one in new:
        log.info("transcript_persisted", recording_id=one.recording_id, job_id=one.job_id, revision=one.revision)


async def save(connection: Connection, news: News, clock: Clock) -> list[TranscriptPersisted]:
    """Recordings before the rest: their rows are held, in the order of their ids, against all others who report."""
    await save_tenants(connection, news.tenants)
    await recordings.save_recordings(connection, news.recordings.values(), news.rejections.values())
    await recordings.save_sources(connection, news.sources)
    await jobs.save_jobs(connection, news.jobs.values())
    if news.attempts:
        await attempts.save_attempts(connection, news.attempts)
    new = await _save_transcripts(connection, news, clock) if news.transcripts else []
    await recordings.follow_newest_jobs(connection, list(news.recordings))
    return new


async def save_request(connection: Connection, job: TranscriptionRequested, clock: Clock) -> None:
    """A new job, and its way into the queue. The caller holds the recording's row."""
    news = News()
    news.ask(job)
    await save(connection, news, clock)
    await outbox.put(connection, job)


async def _save_transcripts(connection: Connection, news: News, clock: Clock) -> list[TranscriptPersisted]:
    new = await transcripts.save_transcripts(connection, news.transcripts)
    current = await transcripts.make_current(connection, new)
    now = clock()
    persisted = [_persisted(news.transcripts[one.job_id], one, current, now) for one in new]
    await outbox.put(connection, *persisted)
    return persisted


def _persisted(
    transcript: Transcript, new: NewRevision, current: Collection[tuple[str, int]], now: datetime
) -> TranscriptPersisted:
    return TranscriptPersisted(
        tenant=transcript.tenant,
        recording_id=new.recording_id,
        job_id=new.job_id,
        revision=new.revision,
        current=(new.recording_id, new.revision) in current,
        persisted_at=now,
    )


async def read_transcript(store: ObjectStore, event: RecordingTranscribed) -> Transcribed:
    """Raises StoreUnavailable, ObjectNotFound, Poison."""
    report = await asyncio.to_thread(read_outcome, store, event.outcome_key)
    if not isinstance(report, Transcribed) or report.transcript.recording_id != event.recording_id:
        raise Poison("wrong_outcome", f"{event.outcome_key} does not hold the transcript that was announced.")
    log.debug("transcript_read", segments=len(report.transcript.segments))
    return report


def read_outcome(store: ObjectStore, key: str) -> End:
    """Blocking. What a worker would have reported of it. Raises StoreUnavailable, ObjectNotFound, Poison."""
    outcome = decode_outcome(store.get(key))
    match outcome:
        case Transcript():
            return Transcribed(transcript=outcome, outcome_key=key)
        case Failure():
            return failed(outcome, key)
        case Cancellation():
            return cancelled(outcome, key)
