"""What has happened, as the outside is told of it: on a stream of events, over a WebSocket, by webhook. No I/O here."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import uuid5

from ai2text.common import subjects
from ai2text.common.contracts.datasets import DatasetAssembled
from ai2text.common.contracts.erasure import RecordingErased
from ai2text.common.contracts.identity import NAMESPACE
from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected
from ai2text.common.contracts.revisions import TranscriptCorrected
from ai2text.common.contracts.training import TrainingEnded, TrainingRequested
from ai2text.common.contracts.transcription import (
    TranscriptionCancelled,
    TranscriptionFailed,
    TranscriptionStarted,
)
from ai2text.common.contracts.transcripts import TranscriptPersisted


class Kind(StrEnum):
    """What one can listen for."""

    INGESTED = "recording.ingested"
    REJECTED = "recording.rejected"
    STARTED = "transcription.started"
    TRANSCRIBED = "recording.transcribed"
    """The transcript can be read and searched."""
    CORRECTED = "transcript.corrected"
    ERASED = "recording.erased"
    FAILED = "transcription.failed"
    CANCELLED = "transcription.cancelled"
    ASSEMBLED = "dataset.assembled"
    TRAINING_REQUESTED = "training.requested"
    TRAINING_ENDED = "training.ended"


SUBJECT_OF = {
    Kind.INGESTED: subjects.RECORDING_INGESTED,
    Kind.REJECTED: subjects.RECORDING_REJECTED,
    Kind.STARTED: subjects.TRANSCRIPTION_STARTED,
    Kind.TRANSCRIBED: subjects.TRANSCRIPT_PERSISTED,
    Kind.CORRECTED: subjects.TRANSCRIPT_CORRECTED,
    Kind.ERASED: subjects.RECORDING_ERASED,
    Kind.FAILED: subjects.TRANSCRIPTION_FAILED,
    Kind.CANCELLED: subjects.TRANSCRIPTION_CANCELLED,
    Kind.ASSEMBLED: subjects.DATASET_ASSEMBLED,
    Kind.TRAINING_REQUESTED: subjects.TRAINING_REQUESTED,
    Kind.TRAINING_ENDED: subjects.TRAINING_ENDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """`event_id` is the same however often and on whatever way it is told."""

    event_id: str
    tenant: str
    kind: Kind
    occurred_at: datetime
    data: dict[str, Any]
    """Ids, reasons and sizes, never a text."""

    def document(self) -> dict[str, Any]:
        """After Standard Webhooks, and with its id."""
        at = self.occurred_at.isoformat()
        return {"id": self.event_id, "type": self.kind.value, "timestamp": at, "data": self.data}


def occurrence_of(event: subjects.Event) -> Occurrence | None:
    """None for what is between the services only."""
    data: dict[str, Any]
    match event:
        case RecordingIngested():
            kind, at, data = Kind.INGESTED, event.ingested_at, _ingested(event)
        case RecordingRejected():
            kind, at, data = Kind.REJECTED, event.rejected_at, _rejected(event)
        case TranscriptionStarted():
            kind, at, data = Kind.STARTED, event.started_at, _job(event)
        case TranscriptPersisted():
            kind, at, data = Kind.TRANSCRIBED, event.persisted_at, _transcribed(event)
        case TranscriptCorrected():
            own = {"recording_id": event.recording_id, "revision": event.revision}
            kind, at, data = Kind.CORRECTED, event.corrected_at, own
        case RecordingErased() if event.publication == 0:
            kind, at, data = Kind.ERASED, event.erased_at, {"recording_id": event.recording_id}
        case TranscriptionFailed():
            kind, at, data = Kind.FAILED, event.failed_at, {**_job(event), "error": asdict(event.reason)}
        case TranscriptionCancelled():
            kind, at, data = Kind.CANCELLED, event.cancelled_at, _job(event)
        case DatasetAssembled() | TrainingRequested() | TrainingEnded():
            kind, at, data = _of_a_dataset(event)
        case _:
            return None
    event_id = str(uuid5(NAMESPACE, subjects.message_id_of(event)))
    return Occurrence(event_id=event_id, tenant=event.tenant, kind=kind, occurred_at=at, data=data)


def _ingested(event: RecordingIngested) -> dict[str, Any]:
    return {
        "recording_id": event.recording_id,
        "job_id": event.first_job.job_id,
        "name": event.source.name,
        "duration_seconds": event.media.duration_seconds,
    }


def _rejected(event: RecordingRejected) -> dict[str, Any]:
    return {"recording_id": event.rejection_id, "name": event.source.name, "reason": asdict(event.reason)}


def _transcribed(event: TranscriptPersisted) -> dict[str, Any]:
    return {**_job(event), "revision": event.revision, "current": event.current}


def _of_a_dataset(
    event: DatasetAssembled | TrainingRequested | TrainingEnded,
) -> tuple[Kind, datetime, dict[str, Any]]:
    match event:
        case DatasetAssembled():
            return Kind.ASSEMBLED, event.assembled_at, _assembled(event)
        case TrainingRequested():
            return Kind.TRAINING_REQUESTED, event.requested_at, {**_run(event), "kind": event.kind}
        case TrainingEnded():
            return Kind.TRAINING_ENDED, event.ended_at, _training_ended(event)


def _assembled(event: DatasetAssembled) -> dict[str, Any]:
    return {
        "name": event.name,
        "version": event.version,
        "rows": event.rows,
        "duration_seconds": event.duration_seconds,
    }


def _run(event: TrainingRequested | TrainingEnded) -> dict[str, Any]:
    return {"name": event.name, "version": event.version, "run": event.run}


def _training_ended(event: TrainingEnded) -> dict[str, Any]:
    return {**_run(event), "status": event.status, "error": asdict(event.error) if event.error else None}


def _job(
    event: TranscriptionStarted | TranscriptPersisted | TranscriptionFailed | TranscriptionCancelled,
) -> dict[str, Any]:
    return {"recording_id": event.recording_id, "job_id": event.job_id}
