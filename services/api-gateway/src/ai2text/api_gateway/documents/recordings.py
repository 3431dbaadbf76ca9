"""Recordings, their transcripts, and how they are handed in."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ai2text.api_gateway.documents.common import (
    At,
    Bytes,
    Count,
    JobId,
    Language,
    Model,
    Name,
    RecordingId,
    Seconds,
    Sha256,
    Tags,
    Text,
)
from ai2text.api_gateway.documents.problem import Reason
from ai2text.api_gateway.documents.transcripts import SegmentId
from ai2text.common.contracts.states import Lane, RecordingStatus, ReviewStatus, Task
from ai2text.common.contracts.transcription import TranscriptionOptions

UploadId = Annotated[str, Field(examples=["1f81df9ab86d480786fa7d16c2eae9cb"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where it was found."""

    kind: Literal["hot_folder", "bucket", "upload"]
    place: Annotated[str, Field(examples=["inbox"])]
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What has no value is left out; a rejection has a reason, and mostly nothing of the audio."""

    recording_id: RecordingId
    status: RecordingStatus
    review: ReviewStatus
    created_at: At
    sources: list[Source]
    tags: Tags
    media_tags: Annotated[dict[str, str], Field(examples=[{"title": "Talk"}])]
    sha256: Sha256 | None = None
    size_bytes: Bytes | None = None
    duration_seconds: Seconds | None = None
    container: Annotated[str | None, Field(examples=["mp3"])] = None
    codec: Annotated[str | None, Field(examples=["mp3float"])] = None
    sample_rate_hz: Annotated[int | None, Field(examples=[44_100])] = None
    channels: Annotated[int | None, Field(examples=[2])] = None
    bit_rate_bps: Annotated[int | None, Field(examples=[128_000])] = None
    peak_dbfs: Annotated[float | None, Field(examples=[-1.2])] = None
    loudness_lufs: Annotated[float | None, Field(examples=[-23.0])] = None
    language: Language | None = None
    text_preview: Text | None = None
    job_id: JobId | None = None
    """The newest."""
    reason: Reason | None = None
    superseded_by: RecordingId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """The catalogue has nothing of it any more; what lies elsewhere goes within moments."""

    recording_id: RecordingId
    erased_at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What can be asked for from now on."""

    recording_id: RecordingId
    job_id: JobId
    status: Literal["queued"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """`highlight` is HTML: the text escaped, with `<mark>` around the words that were found."""

    recording_id: RecordingId
    segment: SegmentId
    start: Seconds
    end: Seconds
    text: Text
    highlight: Annotated[str, Field(examples=["The <mark>weather</mark> is here."])]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRecording:
    """What is left out stays."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    review: ReviewStatus | None = None
    tags: Annotated[list[str] | None, Field(max_length=32, examples=[["interview"]])] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best `limit` of what was compared: 2,000 hits, those of the newest recordings where there are `more`.

    `next` is always null: who wants other hits asks more narrowly.
    """

    items: list[SearchHit]
    next: None
    more: Annotated[bool, Field(examples=[False])]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """All of it may be left out; sizes and hash are checked at the end."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Name | None = None
    size_bytes: Annotated[int, Field(gt=0, examples=[98_480])] | None = None
    sha256: Sha256 | None = None
    tags: Tags | str | None = None
    language: Language | None = None
    model: Model | None = None
    lane: Lane | None = None
    prompt: Annotated[str | None, Field(max_length=1000)] = None
    temperature: Annotated[float | None, Field(ge=0, le=1)] = None
    task: Task | None = None
    options: TranscriptionOptions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    upload_id: UploadId
    part_bytes_min: Bytes
    part_bytes_max: Bytes
    expires_at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    part: Annotated[int, Field(ge=1, examples=[1])]
    bytes: Bytes
    sha256: Sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(Begun):
    status: Literal["receiving", "completed"]
    bytes: Bytes | None
    parts: list[Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfUpload:
    """Without parts: all that have arrived."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    parts: Annotated[list[int] | None, Field(examples=[[1, 2]])] = None
    sha256: Sha256 | None = None


Counts = Annotated[dict[str, Count], Field(examples=[{"transcribed": 12, "rejected": 1}])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Of the caller's tenant; with the scope `admin` of all, and then the queues and the services too."""

    recordings: Counts
    jobs: Counts
    queue: dict[str, Any]
    rates: dict[str, Any]
    failures: dict[str, Any]
    quotas: list[dict[str, Any]]
    models: list[dict[str, Any]]
    folders: list[dict[str, Any]]
    buckets: list[dict[str, Any]]
    services: list[dict[str, Any]] | None = None
