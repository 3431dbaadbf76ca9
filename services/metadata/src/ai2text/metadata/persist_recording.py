"""What ingestion and the workers report about recordings and jobs becomes rows, in whatever order it arrives."""

import structlog

from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected
from ai2text.common.contracts.transcription import TranscriptionFailed, TranscriptionStarted
from ai2text.metadata.postgres import recordings
from ai2text.metadata.postgres.pool import Database

log = structlog.get_logger()

Reported = RecordingIngested | RecordingRejected | TranscriptionStarted | TranscriptionFailed


async def persist_recording(database: Database, event: Reported) -> None:
    """One transaction; may be repeated. Raises CatalogueUnavailable."""
    async with database.transaction() as connection:
        match event:
            case RecordingIngested():
                await recordings.save_recording(connection, event)
                await recordings.save_job(connection, event.first_job)
            case RecordingRejected():
                await recordings.save_rejection(connection, event)
            case TranscriptionStarted():
                await recordings.know_recording(connection, event.tenant, event.recording_id, event.started_at)
                await recordings.start_job(connection, event)
            case TranscriptionFailed():
                await recordings.know_recording(connection, event.tenant, event.recording_id, event.failed_at)
                await recordings.fail_job(connection, event)
        if not isinstance(event, RecordingRejected):
            await recordings.follow_newest_job(connection, event.recording_id)
    log.debug("recording_persisted", kind=type(event).__name__)
