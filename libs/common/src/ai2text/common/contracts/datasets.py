"""What the catalogue hands to the training-orchestrator, and what that says about datasets."""

from dataclasses import dataclass, field
from datetime import datetime

from ai2text.common.contracts.outcome import Word
from ai2text.common.contracts.states import ReviewStatus
from ai2text.common.contracts.transcription import TranscriptionOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribedSegment:
    """Times in seconds from the start of the recording; measures only where people have changed nothing."""

    id: str
    start: float
    end: float
    text: str
    speaker: str | None = None
    avg_logprob: float | None = None
    compression_ratio: float | None = None
    words: tuple[Word, ...] = ()
    """Only of those that are longer than was asked; some have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSource:
    kind: str
    place: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribedRecording:
    """One recording with its current transcript: a line of the catalogue's snapshot."""

    recording_id: str
    life: int = 0
    """Of the recording, see `identity`."""
    sha256: str
    size_bytes: int
    audio_key: str
    container: str
    """FFmpeg's name of it."""
    duration_seconds: float
    """Of what decoding all of it gave, not of what its header claims."""
    sample_rate_hz: int | None = None
    channels: int | None = None
    peak_dbfs: float | None = None
    loudness_lufs: float | None = None
    sound_sha256: str | None = None
    """The three as in `Media`; None also where it was ingested before they were measured."""
    ingested_at: datetime | None = None
    sources: tuple[RecordingSource, ...] = ()
    tags: tuple[str, ...] = ()
    review: ReviewStatus
    revision: int
    job_id: str | None = None
    """Of a machine's transcript."""
    model: str
    options: TranscriptionOptions = field(default_factory=TranscriptionOptions)
    """Of the job whose transcript it is, or which people have corrected."""
    language: str
    text: str
    segments: tuple[TranscribedSegment, ...] = ()
    """In order; together they are the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSize:
    """What a snapshot would hold at this moment."""

    recordings: int
    duration_seconds: float
    state: str
    """The same as long as every recording has the same transcript, review, tags and sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetShardRequested:
    """Work on a claimed version of a dataset."""

    tenant: str
    name: str
    version: int
    rebuild: int = 0
    """Which one, from 1, if it is not the version itself that is to be made."""
    plan: int = 0
    """Whose shard it is."""
    shard: int | None = None
    """None: whatever is to be done next."""
    requested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetAssembled:
    """The version and all its files stand in the object store, for good."""

    tenant: str
    name: str
    version: int
    version_key: str
    references_key: str | None = None
    """JSON lines, a DatasetReference for each recording; None in what was announced before there were any."""
    rows: int
    duration_seconds: float
    assembled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetReference:
    """A recording that a version uses, and which of its transcripts."""

    recording_id: str
    life: int = 0
    revision: int
    job_id: str | None = None
