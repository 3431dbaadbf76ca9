"""What metadata says about transcripts."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptPersisted:
    """The transcript can be read and searched."""

    tenant: str
    recording_id: str
    job_id: str
    revision: int
    current: bool
    """Whether this revision is the one people see."""
    persisted_at: datetime
