"""The reader of the facts from which follows what stands beside the recordings of a watched place, and what goes."""

from collections.abc import Awaitable, Callable

from ai2text.common import subjects
from ai2text.common.consumer import Consumer, Delivery, Work
from ai2text.common.contracts.erasure import RecordingErased
from ai2text.common.contracts.revisions import TranscriptCorrected
from ai2text.common.contracts.transcription import RecordingTranscribed, TranscriptionCancelled, TranscriptionFailed
from ai2text.common.errors import Poison
from ai2text.common.jetstream import Broker

Write = Callable[[str, str | None], Awaitable[None]]
"""Given a recording and the key of an outcome; without a key only what people have corrected is written."""


Erase = Callable[[str, int], Awaitable[None]]
"""Given a recording and its next life; what is of an earlier one goes."""


def sidecar_consumer(broker: Broker, place: str, write: Write, erase: Erase) -> Consumer:
    """`place` is the name of the folder or the bucket."""

    async def handle(delivery: Delivery) -> None:
        match delivery.event:
            case RecordingTranscribed() | TranscriptionFailed() | TranscriptionCancelled() as ended:
                await write(ended.recording_id, ended.outcome_key)
            case TranscriptCorrected() as corrected:
                await write(corrected.recording_id, None)
            case RecordingErased() as erased:
                await erase(erased.recording_id, erased.next_life)
            case other:
                raise Poison("unexpected_event", f"No sidecar follows from {type(other).__name__}.")

    return Consumer(broker, Work(stream=subjects.EVENTS, durable=subjects.ingestion_durable(place), handle=handle))
