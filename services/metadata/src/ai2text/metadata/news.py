"""What a batch of events says about recordings and jobs, in whatever order they came. No I/O here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ai2text.common.contracts.outcome import Transcript
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected, Source
from ai2text.common.contracts.states import JOB_ENDS, JobStatus, Lane, Task
from ai2text.common.contracts.transcription import (
    TranscriptionCancelled,
    TranscriptionFailed,
    TranscriptionRequested,
    TranscriptionStarted,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcribed:
    """A transcript, and where it stands."""

    transcript: Transcript
    outcome_key: str


End = Transcribed | TranscriptionFailed | TranscriptionCancelled
"""What an outcome says."""
Announced = RecordingIngested | RecordingRejected | TranscriptionStarted | TranscriptionFailed | TranscriptionCancelled
"""Reports that are the events themselves."""
Report = Announced | Transcribed


@dataclass(slots=True, kw_only=True)
class RecordingNews:
    """`facts` are missing while only later events have been heard of."""

    recording_id: str
    tenant: str
    heard_at: datetime
    facts: RecordingIngested | None = None
    tags: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class SourceNews:
    """Where a recording was found, and whether other bytes were found there since."""

    tenant: str
    source: Source
    seen_at: datetime | None = None
    replaced_by: str | None = None
    replaced_at: datetime | None = None

    def see(self, at: datetime) -> None:
        self.seen_at = max(self.seen_at or at, at)

    def replace(self, by: str, at: datetime) -> None:
        if self.replaced_at is None or self.replaced_at < at:
            self.replaced_by, self.replaced_at = by, at


@dataclass(slots=True, kw_only=True)
class JobNews:
    """As far as this batch goes; what the catalogue knows already is merged with it there, by the same rules."""

    job_id: str
    recording_id: str
    tenant: str
    generation: int
    asked: TranscriptionRequested | None = None
    task: Task | None = None
    status: JobStatus = JobStatus.QUEUED
    worker: str | None = None
    attempts: int = 0
    started_at: datetime | None = None
    outcome_key: str | None = None
    error: Reason | None = None
    duration_seconds: float | None = None
    processing_seconds: float | None = None
    finished_at: datetime | None = None

    def ask(self, asked: TranscriptionRequested) -> None:
        """Asked for on both lanes it is interactive."""
        if self.asked is None or self.asked.lane is Lane.BULK:
            self.asked = asked
        self.task = asked.task
        self.outcome_key = asked.outcome_key
        self.duration_seconds = asked.duration_seconds

    def start(self, event: TranscriptionStarted) -> None:
        if self.status is JobStatus.QUEUED:
            self.status = JobStatus.RUNNING
        self.worker = event.worker
        self.attempts = max(self.attempts, event.attempt)
        self.started_at = self.started_at or event.started_at

    def end(self, status: JobStatus, outcome_key: str, at: datetime, error: Reason | None = None) -> None:
        """The first end stays."""
        if self.status in JOB_ENDS:
            return
        self.status, self.outcome_key, self.finished_at, self.error = status, outcome_key, at, error


@dataclass(slots=True, kw_only=True)
class AttemptNews:
    """A delivery of a job's request to a worker. How it ended is known only of one that failed the job."""

    tenant: str
    worker: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: Reason | None = None

    def start(self, event: TranscriptionStarted) -> None:
        """Of two on different lanes with the same number the first one counts."""
        if self.started_at is None or event.started_at < self.started_at:
            self.worker, self.started_at = event.worker, event.started_at

    def fail(self, event: TranscriptionFailed) -> None:
        self.ended_at, self.error = event.failed_at, event.reason


class News:
    """One entry for each recording, source, rejection, job, attempt and transcript, however often it was reported."""

    def __init__(self, reports: Iterable[Report] = ()) -> None:
        self.recordings: dict[str, RecordingNews] = {}
        self.rejections: dict[str, RecordingRejected] = {}
        self.sources: dict[tuple[str, str], SourceNews] = {}
        """By recording and source."""
        self.jobs: dict[str, JobNews] = {}
        self.attempts: dict[tuple[str, int], AttemptNews] = {}
        """By job and number."""
        self.transcripts: dict[str, Transcript] = {}
        """By job."""
        for report in reports:
            self.add(report)

    def add(self, report: Report) -> None:
        match report:
            case RecordingIngested():
                self._ingested(report)
            case RecordingRejected():
                self.rejections.setdefault(report.rejection_id, report)
                self._source(report.tenant, report.rejection_id, report.source).see(report.rejected_at)
            case TranscriptionStarted():
                self._job(report, report.started_at).start(report)
                self._attempt(report.tenant, report.job_id, report.attempt).start(report)
            case TranscriptionFailed():
                job = self._job(report, report.failed_at)
                job.end(JobStatus.FAILED, report.outcome_key, report.failed_at, report.reason)
                self._attempt(report.tenant, report.job_id, report.attempts).fail(report)
            case TranscriptionCancelled():
                job = self._job(report, report.cancelled_at)
                job.end(JobStatus.CANCELLED, report.outcome_key, report.cancelled_at)
            case Transcribed():
                self._transcribed(report)

    def ask(self, asked: TranscriptionRequested) -> None:
        self._job(asked, asked.requested_at).ask(asked)

    @property
    def tenants(self) -> set[str]:
        return {each.tenant for each in self.recordings.values()} | {each.tenant for each in self.rejections.values()}

    def _ingested(self, event: RecordingIngested) -> None:
        recording = self._recording(event.tenant, event.recording_id, event.ingested_at)
        recording.facts = event
        recording.heard_at = min(recording.heard_at, event.ingested_at)
        recording.tags |= set(event.tags)
        self._source(event.tenant, event.recording_id, event.source).see(event.ingested_at)
        if event.replaces_recording_id is not None:
            self._recording(event.tenant, event.replaces_recording_id, event.ingested_at)
            former = self._source(event.tenant, event.replaces_recording_id, event.source)
            former.replace(event.recording_id, event.ingested_at)
        self.ask(event.first_job)

    def _transcribed(self, report: Transcribed) -> None:
        transcript = report.transcript
        job = self._job(transcript, transcript.transcribed_at)
        if job.status not in JOB_ENDS:
            job.processing_seconds = transcript.processing_seconds
        job.task = transcript.task
        job.duration_seconds = job.duration_seconds or transcript.duration_seconds
        job.end(JobStatus.COMPLETED, report.outcome_key, transcript.transcribed_at)
        self.transcripts[transcript.job_id] = transcript

    def _attempt(self, tenant: str, job_id: str, number: int) -> AttemptNews:
        return self.attempts.setdefault((job_id, number), AttemptNews(tenant=tenant))

    def _source(self, tenant: str, recording_id: str, source: Source) -> SourceNews:
        return self.sources.setdefault((recording_id, source.source_id), SourceNews(tenant=tenant, source=source))

    def _recording(self, tenant: str, recording_id: str, heard_at: datetime) -> RecordingNews:
        return self.recordings.setdefault(
            recording_id, RecordingNews(recording_id=recording_id, tenant=tenant, heard_at=heard_at)
        )

    def _job(
        self,
        event: TranscriptionRequested
        | TranscriptionStarted
        | TranscriptionFailed
        | TranscriptionCancelled
        | Transcript,
        heard_at: datetime,
    ) -> JobNews:
        self._recording(event.tenant, event.recording_id, heard_at)
        return self.jobs.setdefault(
            event.job_id,
            JobNews(
                job_id=event.job_id,
                recording_id=event.recording_id,
                tenant=event.tenant,
                generation=event.generation,
            ),
        )
