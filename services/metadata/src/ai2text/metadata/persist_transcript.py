"""A worker's transcript, read from the object store, becomes the next revision of its recording."""

import asyncio

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.codec import decode_outcome
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.contracts.transcription import RecordingTranscribed
from ai2text.common.contracts.transcripts import TranscriptPersisted
from ai2text.common.errors import Poison
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.postgres import outbox, recordings, transcripts
from ai2text.metadata.postgres.pool import Database

log = structlog.get_logger()


async def persist_transcript(database: Database, store: ObjectStore, event: RecordingTranscribed, clock: Clock) -> None:
    """One transaction; may be repeated. Raises CatalogueUnavailable, StoreUnavailable, ObjectNotFound, Poison."""
    transcript = await asyncio.to_thread(_transcript, store, event)
    log.debug("transcript_read", segments=len(transcript.segments))
    async with database.transaction() as connection:
        await recordings.know_recording(connection, event.tenant, event.recording_id, event.transcribed_at)
        await recordings.complete_job(connection, event, transcript.processing_seconds)
        revision = await transcripts.save_transcript(connection, transcript)
        if revision is not None:
            persisted = TranscriptPersisted(
                tenant=event.tenant,
                recording_id=event.recording_id,
                job_id=event.job_id,
                revision=revision,
                current=await transcripts.make_current(connection, event.recording_id, revision),
                persisted_at=clock(),
            )
            await outbox.put(connection, persisted)
        await recordings.follow_newest_job(connection, event.recording_id)
    log.info("transcript_persisted", revision=revision, repeated=revision is None)


def _transcript(store: ObjectStore, event: RecordingTranscribed) -> Transcript:
    outcome = decode_outcome(store.get(event.outcome_key))
    if not isinstance(outcome, Transcript) or outcome.recording_id != event.recording_id:
        raise Poison("wrong_outcome", f"{event.outcome_key} does not hold the transcript that was announced.")
    return outcome
