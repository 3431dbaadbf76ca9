"""What is asked of the asr service, and what it answers."""

from dataclasses import dataclass
from datetime import datetime

from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import Decoding, Lane, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionOptions:
    """How to decode; part of the job's identity, so the defaults are part of the contract.

    The names and meanings are those of `faster_whisper.WhisperModel.transcribe`.
    """

    language: str | None = None
    """ISO 639-1 code; None detects it."""
    initial_prompt: str | None = None
    hotwords: str | None = None
    beam_size: int = 5
    temperature: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """Tried in turn when a window fails the quality checks; above 0 the decoder samples."""
    word_timestamps: bool = True
    vad_filter: bool = True
    """Off, silence is decoded as well, sequentially: there are no pauses at which to cut."""
    condition_on_previous_text: bool = False
    """Off: a window's mistake does not spread into the next ones. On, decoding is sequential."""
    decoding: Decoding = Decoding.BATCHED
    vad_threshold: float = 0.5
    """From 0 to 1: how probable speech must be to be heard."""
    separate_channels: bool = False
    """Each channel is heard by itself, and its number, from 1, names the speaker of its segments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionRequested:
    """One job for one worker; carries all keys, so that no consumer builds one."""

    tenant: str
    recording_id: str
    job_id: str
    generation: int = 0
    publication: int = 0
    """Counts how often this job was put into a queue; part of the message id."""
    replaces: str | None = None
    lane: Lane
    audio_key: str
    sha256: str
    size_bytes: int
    duration_seconds: float
    channels: int = 1
    model: str
    task: Task = Task.TRANSCRIBE
    options: TranscriptionOptions
    outcome_key: str
    requested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionStarted:
    """A worker took the job; may be lost without harm."""

    tenant: str
    recording_id: str
    job_id: str
    generation: int
    worker: str
    attempt: int
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingTranscribed:
    """The transcript stands under `outcome_key`, for good."""

    tenant: str
    recording_id: str
    job_id: str
    generation: int
    sha256: str
    outcome_key: str
    model: str
    language: str
    duration_seconds: float
    segments: int
    words: int
    transcribed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionFailed:
    """The failure stands under `outcome_key`, for good; another try is another job."""

    tenant: str
    recording_id: str
    job_id: str
    generation: int
    outcome_key: str
    reason: Reason
    attempts: int
    failed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionCancelled:
    """The cancellation stands under `outcome_key`, for good; workers that are at the job stop."""

    tenant: str
    recording_id: str
    job_id: str
    generation: int
    outcome_key: str
    cancelled_at: datetime
