"""What ingestion says about recordings."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.transcription import TranscriptionRequested


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a recording was found; one recording may have many."""

    source_id: str
    kind: Literal["hot_folder", "bucket", "upload"]
    place: str
    """The configured folder's name, the bucket, or the uploading subject."""
    name: str
    """The path below the place, as its owner spelt it. Never used as a path or an object key."""
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What decoding the whole recording found; not what its header claims."""

    container: str
    codec: str
    duration_seconds: float
    sample_rate_hz: int
    channels: int
    bit_rate_bps: int | None = None
    """Of the sound track alone, on average."""
    peak_dbfs: float | None = None
    """The largest sample in relation to full scale; None for digital silence."""
    loudness_lufs: float | None = None
    """Integrated, after EBU R128; beyond the first minute from every tenth second. None for silence."""
    sound_sha256: str | None = None
    """The same for the same sound under other bytes: a copy with other tags, a WAV and its FLAC. None where nobody
    looked."""
    tags: dict[str, str] = field(default_factory=dict)
    """Title, artist and the like, as the file carries them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingIngested:
    """The audio and the facts about it are durable in the object store."""

    tenant: str
    recording_id: str
    sha256: str
    size_bytes: int
    audio_key: str
    facts_key: str
    media: Media
    source: Source
    tags: tuple[str, ...] = ()
    replaces_recording_id: str | None = None
    """The recording that this very source held until now: its owner put other bytes under the same name.

    It says nothing of other sources of that recording; it is superseded by this one only if it has none left. None
    for a new source, for the same bytes again, and where the earlier file was moved or deleted by us or, as far as is
    known, removed by its owner. The stored facts of a source and job keep what was true the first time; a source that
    goes from one recording to another and back is told right by the messages only.
    """
    first_job: TranscriptionRequested
    ingested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRejected:
    """Somebody handed in something that cannot become a recording."""

    tenant: str
    rejection_id: str
    source: Source
    reason: Reason
    size_bytes: int
    sha256: str | None = None
    rejected_at: datetime
