"""What stands under a job's outcome key: the first one written is the truth for ever."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Discriminator

from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import Decoding, Task
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
    speaker: str | None = None
    """`channel 1` and so on where channels are heard separately."""
    words: tuple[Word, ...] = ()
    tokens: tuple[int, ...] = ()
    seek: int = 0
    """Where the decoder's window began, in hundredths of a second."""
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class Doubt(StrEnum):
    """Why a stretch was decoded a second time, sequentially."""

    UNCOVERED_SPEECH = "uncovered_speech"
    """The voice detector heard speech there, and the decoder no words."""
    REPETITION = "repetition"
    OTHER_LANGUAGE = "other_language"
    LOW_CONFIDENCE = "low_confidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondHearing:
    """A stretch that was decoded again; seconds of the recording."""

    start: float
    end: float
    doubts: tuple[Doubt, ...]
    kept: bool
    """Whether the second result stands in the transcript; otherwise it was no better."""
    speaker: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What decoded: enough to explain why two transcripts of one recording differ."""

    faster_whisper: str
    ctranslate2: str
    device: str
    compute_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Seconds that the job spent in each; while it waited for the model, its audio was read ahead."""

    audio: float
    """Fetching and decoding it."""
    speech: float
    """Looking for speech in it."""
    features: float
    model: float
    """Waiting for the model, which other recordings use as well."""


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
    """Divided by the duration it is the real-time factor."""
    decoding: Decoding = Decoding.SEQUENTIAL
    speech_seconds: float | None = None
    """What was left of the duration without pauses."""
    stages: Stages | None = None
    second_hearings: tuple[SecondHearing, ...] = ()
    model_revision: str | None = None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Somebody called the job off before it had ended."""

    tenant: str
    recording_id: str
    job_id: str
    generation: int
    cancelled_at: datetime
    kind: Literal["cancellation"] = field(default="cancellation")


Outcome = Annotated[Transcript | Failure | Cancellation, Discriminator("kind")]
