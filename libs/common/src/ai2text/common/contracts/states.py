"""The states of recordings, jobs, datasets and training runs. There is no other copy of them anywhere."""

from enum import StrEnum


class RecordingStatus(StrEnum):
    """Until a current transcript exists a recording follows its newest job; then it stays transcribed."""

    QUEUED = "queued"
    TRANSCRIBING = "transcribing"
    TRANSCRIBED = "transcribed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class JobStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


JOB_ENDS = frozenset({JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})
"""The first of these that a job reaches stays."""


class ReviewStatus(StrEnum):
    UNREVIEWED = "unreviewed"
    CORRECTED = "corrected"
    VERIFIED = "verified"
    EXCLUDED = "excluded"


class Lane(StrEnum):
    """Interactive jobs have somebody waiting for them; bulk jobs have not."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


class Task(StrEnum):
    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"


class Decoding(StrEnum):
    BATCHED = "batched"
    """Chunks of speech, many at once, and heard again where they were heard badly."""
    SEQUENTIAL = "sequential"
    """One window after the other, each beginning where the last one got to."""


class DatasetStatus(StrEnum):
    """Of a version; what was published or failed stays so, until a recording in it is erased."""

    BUILDING = "building"
    PUBLISHED = "published"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


class TrainingStatus(StrEnum):
    """Of a run on a version."""

    REQUESTED = "requested"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRAINING_ENDS = frozenset({TrainingStatus.SUCCEEDED, TrainingStatus.FAILED, TrainingStatus.CANCELLED})
"""The first of these that a run reaches stays."""
