"""What the streams hold of a recording that was erased is taken out of them."""

from collections.abc import Iterable

import nats.errors
from nats.js.errors import NotFoundError

from ai2text.common import subjects
from ai2text.common.errors import BrokerUnavailable
from ai2text.common.jetstream import Broker


class Streams:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def forget_live(self, tenant: str, job_ids: Iterable[str]) -> None:
        """What was heard of these jobs within the last hour. Raises BrokerUnavailable."""
        for job_id in job_ids:
            try:
                await self._broker.jetstream.purge_stream(subjects.LIVE, subject=subjects.live_segments(tenant, job_id))
            except nats.errors.Error as exc:
                raise BrokerUnavailable(f"{subjects.LIVE} does not answer: {exc!r}") from exc

    async def forget_dead(self, positions: Iterable[int]) -> None:
        """These messages among the dead letters, overwritten where they lie. Raises BrokerUnavailable."""
        for position in positions:
            try:
                await self._broker.jetstream.delete_msg(subjects.DEAD, position)
            except NotFoundError:
                continue
            except nats.errors.Error as exc:
                raise BrokerUnavailable(f"{subjects.DEAD} does not answer: {exc!r}") from exc
