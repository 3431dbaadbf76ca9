"""How much waits in the streams."""

from contextlib import suppress
from typing import Any

import nats.errors

from ai2text.common import subjects
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.errors import BrokerUnavailable, Poison
from ai2text.common.jetstream import Broker

REQUESTS = f"{subjects.TRANSCRIPTION_REQUESTED}.*"


class Queues:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def depths(self, unannounced: int) -> dict[str, Any]:
        """Messages not settled yet, by reader, and `unannounced` (still in the outbox) added to their sum.

        Raises BrokerUnavailable.
        """
        waiting: dict[str, int] = {}
        for stream in (subjects.WORK, subjects.EVENTS, subjects.DEAD):
            try:
                readers = await self._broker.jetstream.consumers_info(stream)
            except nats.errors.Error as exc:
                raise BrokerUnavailable(f"{stream} does not answer: {exc!r}") from exc
            for reader in readers:
                if reader.config.durable_name:
                    waiting[reader.name] = (reader.num_pending or 0) + (reader.num_ack_pending or 0)
        return {"readers": waiting, "unannounced": unannounced, "unsettled": sum(waiting.values()) + unannounced}

    async def catalogue_is_caught_up(self) -> bool:
        """Whether everything that was announced before this call has been persisted. Raises BrokerUnavailable."""
        try:
            reader = await self._broker.jetstream.consumer_info(subjects.EVENTS, subjects.METADATA)
        except nats.errors.Error as exc:
            raise BrokerUnavailable(f"{subjects.EVENTS} does not answer: {exc!r}") from exc
        return not (reader.num_pending or reader.num_ack_pending)

    async def jobs_held(self) -> frozenset[str]:
        """All jobs whose request is in a queue, waiting or in a worker's hands. Raises BrokerUnavailable."""
        held = set[str]()
        async for content in self._broker.kept(subjects.WORK, REQUESTS):
            with suppress(Poison):  # dead-lettered by whoever takes it
                held.add(decode(TranscriptionRequested, content).job_id)
        return frozenset(held)
