"""A worker's use case with the real broker, store, sandbox and model."""

import hashlib
import io
from dataclasses import dataclass, replace
from typing import Any

from ai2text.asr.cancellations import Cancellations
from ai2text.asr.transcribe_recording import TranscribeRecording
from ai2text.common import subjects
from ai2text.common.contracts.codec import decode, decode_outcome
from ai2text.common.contracts.outcome import Outcome
from ai2text.common.contracts.transcription import TranscriptionOptions, TranscriptionRequested
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from tests.fixtures.examples import REQUESTED

GREEDY = TranscriptionOptions(temperature=(0.0,))


@dataclass
class Worker:
    """And what it said."""

    use_case: TranscribeRecording
    cancellations: Cancellations
    broker: Broker
    store: ObjectStore

    def job_for(self, content: bytes, model: str = "ear") -> TranscriptionRequested:
        sha256 = hashlib.sha256(content).hexdigest()
        key = f"default/audio/{sha256}"
        self.store.put_verified(key, io.BytesIO(content), len(content), sha256, "audio/x")
        return replace(REQUESTED, audio_key=key, sha256=sha256, size_bytes=len(content), model=model, options=GREEDY)

    async def transcribe(self, job: TranscriptionRequested, attempt: int = 1) -> Outcome:
        await self.use_case.transcribe_recording(job, attempt)
        return self.outcome(job)

    async def said(self, stream: str = subjects.EVENTS) -> list[subjects.Event]:
        """In order."""
        count = (await self.broker.jetstream.stream_info(stream)).state.messages
        raw = [await self.broker.jetstream.get_msg(stream, seq) for seq in range(1, count + 1)]
        return [_event(message) for message in raw]

    def outcome(self, job: TranscriptionRequested) -> Outcome:
        return decode_outcome(self.store.get(job.outcome_key))


def _event(message: Any) -> subjects.Event:
    contract = subjects.contract_of(message.subject)
    assert contract is not None
    return decode(contract, message.data)


def kinds(events: list[subjects.Event]) -> list[str]:
    return [type(event).__name__ for event in events]
