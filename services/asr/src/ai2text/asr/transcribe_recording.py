"""A requested transcription becomes one outcome object, and whatever stands there is announced."""

import asyncio
import threading
from concurrent.futures import Executor
from contextlib import suppress
from contextvars import copy_context

import structlog

from ai2text.asr.cancellations import Cancellations
from ai2text.asr.decode_recording import Decoder
from ai2text.asr.draft import forget_draft
from ai2text.asr.hearing import Abandoned
from ai2text.asr.live import Live
from ai2text.common import metrics
from ai2text.common.clock import Clock
from ai2text.common.contracts.announcement import announcement_of
from ai2text.common.contracts.codec import decode_outcome, encode
from ai2text.common.contracts.outcome import Failure, Outcome, Transcript
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.transcription import TranscriptionRequested, TranscriptionStarted
from ai2text.common.errors import ObjectNotFound, Refused, Unavailable
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore

log = structlog.get_logger()


class TranscribeRecording:
    """The use case with what it needs; one object serves all jobs of a worker."""

    def __init__(
        self,
        broker: Broker,
        store: ObjectStore,
        decoder: Decoder,
        cancellations: Cancellations,
        threads: Executor,
        worker: str,
        clock: Clock,
    ) -> None:
        self._broker = broker
        self._store = store
        self._decoder = decoder
        self._cancellations = cancellations
        self._threads = threads
        self._live = Live(broker)
        self._worker = worker
        self._clock = clock

    async def transcribe_recording(self, job: TranscriptionRequested, attempt: int) -> None:
        """Returns when the outcome stands and is announced; a repetition only announces it again."""
        with self._cancellations.heeded(job.job_id) as abandon:  # before the look: else it could be told in between
            outcome = await asyncio.to_thread(self._standing_outcome, job)
            if outcome is None:
                await self._announce_start(job, attempt)
                outcome = await self._outcome_of_work(job, attempt, abandon)
            else:
                log.info("outcome_stands_already", kind=outcome.kind)
        await self._announce(job, outcome)

    async def give_up(self, job: TranscriptionRequested, reason: Reason, attempts: int) -> None:
        """Before a job is dead-lettered it gets its failed outcome, so that nobody waits for it for ever."""
        await self._announce(job, await self._fence(job, self._failure(job, reason, attempts)))

    def _standing_outcome(self, job: TranscriptionRequested) -> Outcome | None:
        try:
            return decode_outcome(self._store.get(job.outcome_key))
        except ObjectNotFound:
            return None

    async def _announce_start(self, job: TranscriptionRequested, attempt: int) -> None:
        started = TranscriptionStarted(
            tenant=job.tenant,
            recording_id=job.recording_id,
            job_id=job.job_id,
            generation=job.generation,
            worker=self._worker,
            attempt=attempt,
            started_at=self._clock(),
        )
        log.info("transcription_started", attempt=attempt, audio_seconds=job.duration_seconds, lane=job.lane)
        with suppress(Unavailable):  # it only informs; the outcome will say more
            await self._broker.publish(started)

    async def _outcome_of_work(self, job: TranscriptionRequested, attempt: int, abandon: threading.Event) -> Outcome:
        """Of a job that is called off meanwhile the cancellation, which stood before anybody was told."""
        try:
            outcome = await self._work(job, attempt, abandon)
        except Abandoned:
            return decode_outcome(await asyncio.to_thread(self._store.get, job.outcome_key))
        return await self._fence(job, outcome)

    async def _work(self, job: TranscriptionRequested, attempt: int, abandon: threading.Event) -> Transcript | Failure:
        try:
            transcript = await asyncio.get_running_loop().run_in_executor(
                self._threads, copy_context().run, self._decoder.decode_recording, job, abandon, self._live.about(job)
            )
        except Refused as exc:
            return self._failure(job, Reason(code=exc.code, detail=exc.detail), attempt)
        except asyncio.CancelledError:
            abandon.set()
            raise
        metrics.AUDIO_SECONDS_TRANSCRIBED.labels(job.model).inc(transcript.duration_seconds)
        metrics.TRANSCRIPTION_SECONDS.labels(job.model).inc(transcript.processing_seconds)
        log.info(
            "recording_decoded",
            audio_seconds=round(transcript.duration_seconds, 2),
            processing_seconds=round(transcript.processing_seconds, 2),
        )
        return transcript

    async def _fence(self, job: TranscriptionRequested, outcome: Transcript | Failure) -> Outcome:
        """The outcome that stands: this one if it came first, otherwise the one that did."""
        first = await asyncio.to_thread(self._store.put_first, job.outcome_key, encode(outcome))
        log.debug("outcome_written" if first else "outcome_stood_already", kind=outcome.kind)
        if first:
            return outcome
        return decode_outcome(await asyncio.to_thread(self._store.get, job.outcome_key))

    def _failure(self, job: TranscriptionRequested, reason: Reason, attempts: int) -> Failure:
        metrics.TRANSCRIPTIONS_FAILED.labels(reason.code).inc()
        return Failure(
            tenant=job.tenant,
            recording_id=job.recording_id,
            job_id=job.job_id,
            generation=job.generation,
            reason=reason,
            attempts=attempts,
            failed_at=self._clock(),
        )

    async def _announce(self, job: TranscriptionRequested, outcome: Outcome) -> None:
        """Nobody goes on from a draft of a job that has its outcome."""
        await asyncio.to_thread(forget_draft, self._store, job)
        await self._broker.publish(announcement_of(outcome, job.outcome_key))
        log.debug("outcome_announced", kind=outcome.kind)
