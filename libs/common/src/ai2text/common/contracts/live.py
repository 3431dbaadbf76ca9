"""What is said while a worker decodes; the outcome says it all again."""

from dataclasses import dataclass

from ai2text.common.contracts.outcome import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentsHeard:
    """Finished segments, in order. After a worker died some may come a second time, cut elsewhere."""

    tenant: str
    recording_id: str
    job_id: str
    first: int
    """How many segments of this job came before; a repetition begins again at its own."""
    segments: tuple[Segment, ...]
    reached_seconds: float
    """So much of the recording is done; of all its channels on an average, where they are heard separately."""
    duration_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionProgress:
    """Of core NATS: nobody keeps it."""

    tenant: str
    recording_id: str
    job_id: str
    reached_seconds: float
    duration_seconds: float
