"""What stands under a job's outcome key: the first one written is the truth for ever."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Discriminator

from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import Task
from ai2text.common.contracts.transcription import TranscriptionOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Times in seconds from the start of the recording; `text` keeps its leading space."""

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Times in seconds from the start of the recording; the measures are Whisper's own."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    tokens: tuple[int, ...] = ()
    seek: int = 0
    """Where the decoder's window began, in hundredths of a second."""
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What decoded: enough to explain why two transcripts of one recording differ."""

    faster_whisper: str
    ctranslate2: str
    device: str
    compute_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    tenant: str
    recording_id: str
    job_id: str
    generation: int
    sha256: str
    model: str
    task: Task
    options: TranscriptionOptions
    engine: Engine
    language: str
    language_probability: float
    duration_seconds: float
    text: str
    segments: tuple[Segment, ...]
    transcribed_at: datetime
    processing_seconds: float
    kind: Literal["transcript"] = field(default="transcript")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    tenant: str
    recording_id: str
    job_id: str
    generation: int
    reason: Reason
    attempts: int
    failed_at: datetime
    kind: Literal["failure"] = field(default="failure")


Outcome = Annotated[Transcript | Failure, Discriminator("kind")]
