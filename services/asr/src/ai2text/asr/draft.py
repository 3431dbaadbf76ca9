"""How far a long recording has got, kept in the bucket: enough for another worker to go on from there."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from ai2text.asr.voice_activity import SAMPLE_RATE_HZ
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.identity import draft_key
from ai2text.common.contracts.outcome import Engine, SecondHearing, Segment
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.errors import ObjectNotFound
from ai2text.common.object_store import ObjectStore

log = structlog.get_logger()

LONG_SECONDS = 300.0
"""Shorter recordings are begun anew."""
KEEP_SECONDS = 30.0
"""Of work between two writings, so that at most a minute is done twice."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """The transcript so far, and the first sample that it does not cover."""

    engine: Engine
    model_revision: str | None = None
    channel: int = 0
    """That is heard, where they are heard one after the other; those before it are done."""
    sample: int = 0
    language: str | None = None
    language_probability: float = 1.0
    segments: list[Segment] = field(default_factory=list)
    second_hearings: list[SecondHearing] = field(default_factory=list)
    speech_seconds: float = 0.0


class DraftKeeper:
    """Of one job. Blocking; raises StoreUnavailable."""

    def __init__(self, store: ObjectStore, job: TranscriptionRequested, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._job = job
        self._key = draft_key(job.tenant, job.job_id)
        self._long = job.duration_seconds >= LONG_SECONDS
        self._monotonic = monotonic
        self._kept_at = monotonic()

    def begin(self, engine: Engine, model_revision: str | None) -> Draft:
        """What was left by a worker with the same engine and model, otherwise an empty one."""
        fresh = Draft(engine=engine, model_revision=model_revision, language=self._job.options.language)
        if not self._long:
            return fresh
        try:
            left = decode(Draft, self._store.get(self._key))
        except ObjectNotFound:
            return fresh
        if (left.engine, left.model_revision) != (engine, model_revision):
            log.info("draft_of_another_engine", engine=left.engine, model_revision=left.model_revision)
            return fresh
        log.info("draft_resumed", audio_seconds=left.sample / SAMPLE_RATE_HZ)
        return left

    def keep_from_time_to_time(self, draft: Draft) -> None:
        """Writes it when enough work went into it since the last time."""
        if self._monotonic() - self._kept_at >= KEEP_SECONDS:
            self.keep(draft)

    def keep(self, draft: Draft) -> None:
        if not self._long:
            return
        self._store.put(self._key, encode(draft))
        self._kept_at = self._monotonic()
        log.debug("draft_kept", audio_seconds=draft.sample / SAMPLE_RATE_HZ)


def forget_draft(store: ObjectStore, job: TranscriptionRequested) -> None:
    """The job has its outcome."""
    if job.duration_seconds >= LONG_SECONDS:
        store.erase(draft_key(job.tenant, job.job_id))
