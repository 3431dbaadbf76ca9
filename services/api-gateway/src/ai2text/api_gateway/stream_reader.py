"""A stream of NATS, read from a place on and then as it grows; nothing is acknowledged, and nothing is kept there."""

from collections.abc import Sequence

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from ai2text.common.errors import BrokerUnavailable
from ai2text.common.jetstream import Broker

log = structlog.get_logger()

BATCH = 256
FORGOTTEN_AFTER_SECONDS = 60
"""The server's part of a reader that has died."""


class StreamReader:
    """For one task at a time."""

    def __init__(self, broker: Broker, stream: str, subjects: Sequence[str], place: int) -> None:
        self._broker = broker
        self._stream = stream
        self._subjects = subjects
        self._subscription: JetStreamContext.PullSubscription | None = None
        self.place = place
        """Of the message that was read last."""

    async def read(self, within_seconds: float) -> list[Msg]:
        """What comes next; nothing after `within_seconds` without a message. Raises BrokerUnavailable, and may go on.

        The server forgets readers with its memory: who hears nothing asks whether it is still known.
        """
        subscription = self._subscription or await self._subscribe()
        try:
            found = await subscription.fetch(BATCH, within_seconds)
        except TimeoutError:
            found = []
        except nats.errors.Error as exc:
            await self.close()
            raise BrokerUnavailable(f"{self._stream} cannot be read: {exc!r}") from exc
        if found:
            self.place = found[-1].metadata.sequence.stream
        else:
            await self._check(subscription)
        return found

    async def close(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is None:
            return
        try:
            await subscription.unsubscribe()
            await self._broker.jetstream.delete_consumer(self._stream, (await subscription.consumer_info()).name)
        except (nats.errors.Error, TimeoutError) as exc:
            log.debug("reader_left_behind", error=repr(exc))  # the server forgets it by itself

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self.place + 1,
            ack_policy=AckPolicy.NONE,
            filter_subjects=list(self._subjects),
            inactive_threshold=FORGOTTEN_AFTER_SECONDS,
            mem_storage=True,
            num_replicas=1,
        )
        try:
            self._subscription = await self._broker.jetstream.pull_subscribe("", stream=self._stream, config=config)
        except (nats.errors.Error, TimeoutError) as exc:
            raise BrokerUnavailable(f"{self._stream} cannot be read: {exc!r}") from exc
        return self._subscription

    async def _check(self, subscription: JetStreamContext.PullSubscription) -> None:
        try:
            await subscription.consumer_info()
        except (nats.errors.Error, TimeoutError) as exc:
            await self.close()
            raise BrokerUnavailable(f"{self._stream} cannot be read: {exc!r}") from exc
