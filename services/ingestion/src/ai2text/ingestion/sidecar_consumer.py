"""The reader of the facts from which a watched place's sidecars follow."""

from collections.abc import Awaitable, Callable

from ai2text.common import subjects
from ai2text.common.consumer import Consumer, Delivery, Work
from ai2text.common.contracts.transcription import RecordingTranscribed, TranscriptionCancelled, TranscriptionFailed
from ai2text.common.errors import Poison
from ai2text.common.jetstream import Broker

Write = Callable[[str, str], Awaitable[None]]
"""Given a recording and the key of an outcome."""


def sidecar_consumer(broker: Broker, place: str, write: Write) -> Consumer:
    """`place` is the name of the folder or the bucket."""

    async def handle(delivery: Delivery) -> None:
        event = delivery.event
        if not isinstance(event, RecordingTranscribed | TranscriptionFailed | TranscriptionCancelled):
            raise Poison("unexpected_event", f"No sidecar follows from {type(event).__name__}.")
        await write(event.recording_id, event.outcome_key)

    return Consumer(broker, Work(stream=subjects.EVENTS, durable=subjects.ingestion_durable(place), handle=handle))
