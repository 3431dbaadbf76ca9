"""Transcription jobs, and what happens."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ai2text.api_gateway.documents.common import At, Count, Cursor, JobId, Language, Model, RecordingId
from ai2text.api_gateway.documents.problem import Reason
from ai2text.common.contracts.states import JobStatus, Lane, Task
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.occurrences import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedJob:
    """What is left out is as for uploads; the same ask is the same job, unless `rerun` says once more."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    recording_id: RecordingId
    model: Annotated[Model, Field(min_length=1, max_length=255)] | None = None
    language: Language | None = None
    task: Task = Task.TRANSCRIBE
    options: TranscriptionOptions = field(default_factory=TranscriptionOptions)
    lane: Lane = Lane.BULK
    rerun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    job_id: JobId
    recording_id: RecordingId
    status: JobStatus
    progress: Annotated[float, Field(ge=0, le=1)]
    error: Reason | None
    generation: Count
    replaces: JobId | None
    lane: Lane | None
    model: Model | None
    task: Task | None
    attempts: Count
    requested_at: At | None
    started_at: At | None
    finished_at: At | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    number: Count
    started_at: At | None
    ended_at: At | None
    error: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWithAttempts(Job):
    attempt_history: list[Attempt]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`id` is the same on every way and every time it is told; `after` takes the cursor."""

    cursor: Cursor
    id: Annotated[str, Field(examples=["22747f1e-432b-587d-b10e-f2644522d773"])]
    type: Kind | Literal["events.missed"]
    timestamp: At
    data: Annotated[dict[str, Any], Field(examples=[{"recording_id": "0c5cf5a4-6e53-5a3a-9a3f-6f0f9e6f6a01"}])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    items: list[Event]
    next: Cursor
