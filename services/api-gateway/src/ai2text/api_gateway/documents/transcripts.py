"""Transcripts, their revisions, and how people change them."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from ai2text.api_gateway.documents.common import At, JobId, Language, Model, RecordingId, Seconds, Text
from ai2text.common.contracts.revisions import Change

SegmentId = Annotated[str, Field(examples=["b7e4c1de-5a52-5c0f-9a3b-7d9a5e4b3c03"])]
RevisionNumber = Annotated[int, Field(ge=1, examples=[2])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    start: Seconds
    end: Seconds
    text: Annotated[str, Field(examples=[" weather"])]
    probability: Annotated[float, Field(examples=[0.97])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Times in seconds from the recording's start."""

    id: SegmentId
    etag: Annotated[str, Field(examples=["3b0d7f1c"])]
    start: Seconds
    end: Seconds
    text: Text
    speaker: Annotated[str | None, Field(examples=["1"])]
    words: list[Word]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    recording_id: RecordingId
    revision: Annotated[int, Field(ge=1, examples=[1])]
    language: Language
    model: Model
    text: Text
    segments: list[Segment]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """`change` and `author` are a person's, `job_id` is a machine's."""

    revision: RevisionNumber
    parent: int | None
    author: Annotated[str | None, Field(examples=["anna"])]
    kind: Literal["machine", "human"]
    change: Change | None
    model: Model
    job_id: JobId | None
    created_at: At
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What is left out stays; the empty text takes a speaker away."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    text: Annotated[str | None, Field(max_length=10_000)] = None
    speaker: Annotated[str | None, Field(max_length=100)] = None
    start: Annotated[float | None, Field(ge=0)] = None
    end: Annotated[float | None, Field(ge=0)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`at` in seconds of the recording."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    at: Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    __pydantic_config__ = ConfigDict(extra="forbid")

    find: Annotated[str, Field(min_length=1, max_length=1000)]
    replace: Annotated[str, Field(max_length=1000)]
    whole_word: bool = False
    regex: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversion:
    __pydantic_config__ = ConfigDict(extra="forbid")

    revision: RevisionNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSegment:
    segment: Segment
    revision: RevisionNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedSegments:
    segments: list[Segment]
    revision: RevisionNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    segment: SegmentId
    start: Seconds
    before: Text
    after: Text
    count: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    hits: list[Hit]
    revision: RevisionNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverted:
    revision: RevisionNumber
