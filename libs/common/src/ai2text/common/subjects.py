"""Every subject, stream and durable name; they are spelt here and nowhere else."""

from ai2text.common.contracts.datasets import DatasetAssembled, DatasetShardRequested
from ai2text.common.contracts.dead_letter import DeadLetter
from ai2text.common.contracts.erasure import RecordingErased
from ai2text.common.contracts.live import SegmentsHeard, TranscriptionProgress
from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected
from ai2text.common.contracts.revisions import TranscriptCorrected
from ai2text.common.contracts.states import Lane
from ai2text.common.contracts.training import TrainingEnded, TrainingRequested
from ai2text.common.contracts.transcription import (
    RecordingTranscribed,
    TranscriptionCancelled,
    TranscriptionFailed,
    TranscriptionRequested,
    TranscriptionStarted,
)
from ai2text.common.contracts.transcripts import TranscriptPersisted
from ai2text.common.contracts.webhooks import WebhookDeliveryRequested

WORK = "WORK"
"""Stream of jobs: a work queue, each message for one worker."""
EVENTS = "EVENTS"
"""Stream of facts, read by every service that wants them."""
DEAD = "DEAD"
"""Stream of dead letters."""
LIVE = "LIVE"
"""Stream of finished segments, in memory for an hour."""

RECORDING_INGESTED = "recording.ingested.v1"
RECORDING_REJECTED = "recording.rejected.v1"
RECORDING_TRANSCRIBED = "recording.transcribed.v1"
RECORDING_ERASED = "recording.erased.v1"
TRANSCRIPTION_REQUESTED = "transcription.requested.v1"
TRANSCRIPTION_STARTED = "transcription.started.v1"
TRANSCRIPTION_FAILED = "transcription.failed.v1"
TRANSCRIPTION_CANCELLED = "transcription.cancelled.v1"
"""A stream keeps it like every fact; workers hear it over core NATS, and one that misses it finds the outcome."""
TRANSCRIPT_PERSISTED = "transcript.persisted.v1"
TRANSCRIPT_CORRECTED = "transcript.corrected.v1"
DEAD_LETTERED = "dead.lettered.v1"
DATASET_SHARD_REQUESTED = "dataset.shard.requested.v1"
DATASET_ASSEMBLED = "dataset.assembled.v1"
TRAINING_REQUESTED = "training.requested.v1"
TRAINING_ENDED = "training.ended.v1"
WEBHOOK_DELIVERY_REQUESTED = "webhook.delivery.requested.v1"
LIVE_SEGMENTS = "live.segments.v1"
PROGRESS = "progress.v1"
"""Of core NATS: no stream keeps it."""
PRESENCE = "presence.v1"
"""Of core NATS: no stream keeps it."""
MODEL_COMMANDS = "models.command.v1"
"""Of core NATS: asked of all workers, each of which answers."""

METADATA = "metadata"
"""Durable of the metadata service on EVENTS."""
DEAD_LETTERS = "dead-letters"
"""Durable of the metadata service on DEAD."""
ERASURES = "erasures"
"""Durable of the ingestion service on EVENTS: it deletes objects, whosever they were."""
WITHDRAWALS = "withdrawals"
"""Durable of the training-orchestrator on EVENTS."""
DATASET_SHARDS = "dataset-shards"
WEBHOOKS = "webhooks"

Event = (
    RecordingIngested
    | RecordingRejected
    | TranscriptionRequested
    | TranscriptionStarted
    | RecordingTranscribed
    | TranscriptionFailed
    | TranscriptionCancelled
    | TranscriptPersisted
    | TranscriptCorrected
    | RecordingErased
    | DatasetShardRequested
    | DatasetAssembled
    | TrainingRequested
    | TrainingEnded
    | WebhookDeliveryRequested
    | DeadLetter
)

CONTRACT_OF: dict[str, type[Event]] = {
    RECORDING_INGESTED: RecordingIngested,
    RECORDING_REJECTED: RecordingRejected,
    RECORDING_TRANSCRIBED: RecordingTranscribed,
    RECORDING_ERASED: RecordingErased,
    TRANSCRIPTION_REQUESTED: TranscriptionRequested,
    TRANSCRIPTION_STARTED: TranscriptionStarted,
    TRANSCRIPTION_FAILED: TranscriptionFailed,
    TRANSCRIPTION_CANCELLED: TranscriptionCancelled,
    TRANSCRIPT_PERSISTED: TranscriptPersisted,
    TRANSCRIPT_CORRECTED: TranscriptCorrected,
    DATASET_SHARD_REQUESTED: DatasetShardRequested,
    DATASET_ASSEMBLED: DatasetAssembled,
    TRAINING_REQUESTED: TrainingRequested,
    TRAINING_ENDED: TrainingEnded,
    WEBHOOK_DELIVERY_REQUESTED: WebhookDeliveryRequested,
    DEAD_LETTERED: DeadLetter,
}
"""The contract each subject carries; a subject with a lane or a durable at its end counts without it."""

IDENTITY_OF: dict[type[Event], tuple[str, ...]] = {
    RecordingRejected: ("rejection_id",),
    RecordingTranscribed: ("job_id",),
    RecordingErased: ("recording_id", "next_life", "publication"),
    TranscriptionRequested: ("job_id", "publication"),
    TranscriptionStarted: ("job_id", "worker", "attempt"),
    TranscriptionFailed: ("job_id",),
    TranscriptionCancelled: ("job_id",),
    TranscriptPersisted: ("job_id",),
    TranscriptCorrected: ("recording_id", "revision"),
    DatasetShardRequested: ("tenant", "name", "version", "rebuild", "plan", "shard"),
    DatasetAssembled: ("tenant", "name", "version"),
    TrainingRequested: ("tenant", "name", "version", "run"),
    TrainingEnded: ("tenant", "name", "version", "run"),
    WebhookDeliveryRequested: ("delivery_id", "attempt"),
    DeadLetter: ("dead_letter_id",),
}
"""The fields by which an announcement is the same one."""


def transcription_requested(lane: Lane) -> str:
    return f"{TRANSCRIPTION_REQUESTED}.{lane}"


def dead_lettered(durable: str) -> str:
    return f"{DEAD_LETTERED}.{durable}"


def presence(service: str) -> str:
    return f"{PRESENCE}.{service}"


def live_subject_of(event: SegmentsHeard | TranscriptionProgress) -> str:
    """By tenant and job, so that a listener gets what it may hear and no more."""
    if isinstance(event, SegmentsHeard):
        return live_segments(event.tenant, event.job_id)
    return f"{PROGRESS}.{event.tenant}.{event.job_id}"


def live_segments(tenant: str, job_id: str) -> str:
    return f"{LIVE_SEGMENTS}.{tenant}.{job_id}"


def asr_durable(lane: Lane) -> str:
    return f"asr-{lane}"


def ingestion_durable(folder: str) -> str:
    """Each configured folder reads the facts for itself, to write its own sidecars."""
    return f"ingestion-{folder}"


def contract_of(subject: str) -> type[Event] | None:
    """The contract of a message's subject, None for a subject that is not ours."""
    return CONTRACT_OF.get(subject) or CONTRACT_OF.get(subject.rpartition(".")[0])


def subject_of(event: Event) -> str:
    """Where an event is published."""
    match event:
        case TranscriptionRequested():
            return transcription_requested(event.lane)
        case DeadLetter():
            return dead_lettered(event.durable)
    return next(subject for subject, contract in CONTRACT_OF.items() if isinstance(event, contract))


def message_id_of(event: Event) -> str:
    """The `Nats-Msg-Id`: the same announcement made twice is one message, a replay is another."""
    if isinstance(event, RecordingIngested):
        own = _ingestion(event)
    else:
        own = "/".join(str(getattr(event, name)) for name in IDENTITY_OF[type(event)])
    return f"{subject_of(event)}/{own}"


def _ingestion(event: RecordingIngested) -> str:
    own = f"{event.recording_id}/{event.source.source_id}/{event.first_job.job_id}"
    replaced = event.replaces_recording_id  # a source may go back to what it held a minute ago
    return f"{own}/{replaced}" if replaced else own
