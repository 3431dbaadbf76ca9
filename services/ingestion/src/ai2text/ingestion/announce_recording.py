"""What is durable is announced: the fact, and the first job."""

import structlog

from ai2text.common import metrics
from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.jetstream import Broker

log = structlog.get_logger()


async def announce_recording(broker: Broker, facts: RecordingIngested, job: TranscriptionRequested) -> None:
    """Both messages, under the same ids whenever this is done again. Raises BrokerUnavailable."""
    await broker.publish(facts)
    log.debug("recording_announced", name=facts.source.name, recording_id=facts.recording_id)
    await broker.publish(job)
    metrics.RECORDINGS_INGESTED.labels(facts.source.kind).inc()
