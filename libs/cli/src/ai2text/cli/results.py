"""What became of each recording, told while it happens: the events say that, the gateway says what."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from ai2text.cli.credentials import Credentials
from ai2text.cli.issue_token import bearer
from ai2text.cli.log_lines import OWN_SUBJECT
from ai2text.common import subjects
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import RecordingIngested, RecordingRejected
from ai2text.common.contracts.states import RecordingStatus
from ai2text.common.contracts.transcription import TranscriptionCancelled, TranscriptionFailed
from ai2text.common.contracts.transcripts import TranscriptPersisted
from ai2text.common.errors import Poison
from ai2text.common.jetstream import Broker

SUBJECTS = [
    subjects.RECORDING_INGESTED,
    subjects.RECORDING_REJECTED,
    subjects.TRANSCRIPT_PERSISTED,
    subjects.TRANSCRIPTION_FAILED,
    subjects.TRANSCRIPTION_CANCELLED,
]
BATCH = 20
FORGOTTEN_AFTER_SECONDS = 3600
ASK_TIMES, ASK_PAUSE_SECONDS = 5, 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one recording ended, under each name it was found by."""

    names: tuple[str, ...]
    text: str
    good: bool
    failed: bool = False
    """A refusal is no failure: the input was at fault, and that has been said."""

    def lines(self) -> list[str]:
        return [f"{'✓' if self.good else '✗'} {name}  {self.text}" for name in self.names]


class Results:
    """Reads what happens from `begin` on; a server that was away, or lost everything, only delays it."""

    def __init__(self, broker: Broker, client: httpx.AsyncClient, credentials: Credentials) -> None:
        self._broker = broker
        self._client = client
        self._credentials = credentials
        self._next = 1
        self._subscription: JetStreamContext.PullSubscription | None = None

    async def begin(self) -> None:
        self._next = await self._last_sequence() + 1

    async def take(self, seconds: float) -> list[Result]:
        """Those of the next `seconds`; returns early when there are some."""
        try:
            messages = await self._fetch(seconds)
        except nats.errors.Error:  # restarted without our consumer, or away
            self._subscription = None
            await asyncio.sleep(seconds)
            return []
        results = [await self._result_of(message) for message in messages]
        return [result for result in results if result]

    async def _fetch(self, seconds: float) -> Sequence[Msg]:
        subscription = self._subscription or await self._subscribe()
        try:
            messages = await subscription.fetch(BATCH, timeout=seconds)
        except TimeoutError:  # its own, and where it fetches several, asyncio's
            await subscription.consumer_info()  # raises when the server has forgotten the consumer
            return []
        if messages:  # none after a status message of an earlier fetch
            self._next = messages[-1].metadata.sequence.stream + 1
        return messages

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        self._next = min(self._next, await self._last_sequence() + 1)
        config = ConsumerConfig(
            filter_subjects=SUBJECTS,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self._next,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=FORGOTTEN_AFTER_SECONDS,
        )
        consumer = await self._broker.jetstream.add_consumer(subjects.EVENTS, config)
        self._subscription = await self._broker.jetstream.pull_subscribe_bind(consumer.name, subjects.EVENTS)
        return self._subscription

    async def _last_sequence(self) -> int:
        return int((await self._broker.jetstream.stream_info(subjects.EVENTS)).state.last_seq)

    async def _result_of(self, message: Msg) -> Result | None:
        match event := _event(message):
            case RecordingRejected(source=source, reason=reason):
                return Result(names=(source.name,), text=_told("refused", reason), good=False)
            case RecordingIngested():
                return await self._known_already(event)
            case TranscriptionFailed(reason=reason):
                names, _ = await self._look_up(event.tenant, event.recording_id)
                return Result(names=names, text=_told("failed", reason), good=False, failed=True)
            case TranscriptionCancelled():
                names, found = await self._look_up(event.tenant, event.recording_id)
                transcribed = found.get("status") == RecordingStatus.TRANSCRIBED
                return None if transcribed else Result(names=names, text="cancelled", good=False, failed=True)
            case TranscriptPersisted(current=True):
                names, found = await self._look_up(event.tenant, event.recording_id)
                return Result(names=names, text=_quoted(found), good=True)
        return None

    async def _known_already(self, event: RecordingIngested) -> Result | None:
        """The same bytes under one more name: nothing will be transcribed, so nothing else would be told."""
        found = await self._recording(event.tenant, event.recording_id)
        if found is None or found["status"] != RecordingStatus.TRANSCRIBED:
            return None
        if all(source["name"] == event.source.name for source in found["sources"]):  # new, and ended meanwhile
            return None
        return Result(names=(event.source.name,), text=_quoted(found), good=True)

    async def _look_up(self, tenant: str, recording_id: str) -> tuple[tuple[str, ...], dict[str, Any]]:
        """The recording's names and itself; its id, where the gateway does not answer."""
        for _ in range(ASK_TIMES):
            found = await self._recording(tenant, recording_id)
            if found is not None:
                return tuple(source["name"] for source in found["sources"]), found
            await asyncio.sleep(ASK_PAUSE_SECONDS)
        return (recording_id,), {}

    async def _recording(self, tenant: str, recording_id: str) -> dict[str, Any] | None:
        """None when it is not there (yet), or the gateway is not."""
        headers = bearer(self._credentials, tenant, OWN_SUBJECT)
        try:
            answer = await self._client.get(f"/v1/recordings/{recording_id}", headers=headers)
        except httpx.TransportError:
            return None
        found: dict[str, Any] | None = answer.json() if answer.is_success else None
        return found


def _event(message: Msg) -> Any:
    """None for what cannot be read: its readers dead-letter it, and here it stops nothing."""
    contract = subjects.contract_of(message.subject)
    try:
        return decode(contract, message.data) if contract else None
    except Poison:
        return None


def _told(verb: str, reason: Reason) -> str:
    return f"{verb}: {reason.code} \N{EN DASH} {reason.detail}"


def _quoted(recording: dict[str, Any]) -> str:
    text = (recording.get("text_preview") or "").strip()
    return f'"{text}"' if text else "no words were heard"
