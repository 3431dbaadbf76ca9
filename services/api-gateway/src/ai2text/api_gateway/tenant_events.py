"""What happens in a tenant, for all who listen to it: read from the stream once, and told to each from its own place.

The last of it is remembered for each tenant that somebody listens to. Who comes back after longer reads the stream
itself up to there; who cannot keep pace is told to come back. So nothing is queued for anybody.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any
from uuid import uuid4

import nats.errors
import structlog
from nats.aio.msg import Msg

from ai2text.api_gateway.stream_reader import StreamReader
from ai2text.common import subjects
from ai2text.common.clock import stopped_within, utc_now
from ai2text.common.errors import BrokerUnavailable, Unavailable
from ai2text.common.jetstream import Broker, heard
from ai2text.common.occurrences import SUBJECT_OF, Kind, Occurrence, occurrence_of

log = structlog.get_logger()

REMEMBERED = 5_000
"""Events of a tenant."""
READ_BACK_MOST = 200_000
"""Messages of all tenants, for one who comes back."""
BEGIN_SECONDS = 5.0
LOOK_SECONDS = 5.0
SILENT_SECONDS = 10.0
LONGEST_SECONDS = 3600.0
AGAIN_SECONDS = 1.0
READ_BACK_SECONDS = 2.0
MISSED = "events.missed"


class TooSlow(Exception):
    """More has happened than is remembered. Who comes back with its cursor goes on there."""


@dataclass(frozen=True, slots=True)
class Told:
    """`place` is that in the stream EVENTS. Without an occurrence, what was before it is not known any more."""

    place: int
    occurrence: Occurrence | None

    def document(self) -> dict[str, Any]:
        if self.occurrence is not None:
            return self.occurrence.document()
        own = {"id": f"{uuid4()}", "type": MISSED, "timestamp": utc_now().isoformat()}
        return {**own, "data": {"detail": "Something was missed: list what you need."}}


@dataclass(slots=True)
class _Memory:
    """Of one tenant: everything after `since`, which is None until NATS was heard."""

    most: int
    since: int | None
    told: deque[Told] = field(default_factory=deque)
    listeners: set["Listener"] = field(default_factory=set)

    def add(self, one: Told) -> None:
        if len(self.told) >= self.most:
            self.since = self.told.popleft().place
        self.told.append(one)

    def after(self, place: int) -> list[Told]:
        newer = list(takewhile(lambda one: one.place > place, reversed(self.told)))
        return newer[::-1]

    def begin_at(self, place: int) -> None:
        """What was remembered is of a stream that is no more, if there was anything."""
        self.since = place
        self.told.clear()
        for listener in self.listeners:
            listener.broken = listener.place is not None and listener.place > place
        self.wake()

    def wake(self) -> None:
        for listener in self.listeners:
            listener.woken.set()


class TenantEvents:
    def __init__(self, stop: asyncio.Event, remembered: int = REMEMBERED) -> None:
        self._stop = stop
        self._remembered = remembered
        self._memories: dict[str, _Memory] = {}
        self._wanted = asyncio.Event()
        self.broker: Broker | None = None
        self.reached: int | None = None
        """Up to here everything is told to those who listen; None while nobody does."""

    async def wake_all_at_the_end(self) -> None:
        await self._stop.wait()
        self._wanted.set()
        for memory in self._memories.values():
            memory.wake()

    async def hear(self, broker: Broker) -> None:
        """While somebody listens, whatever NATS does, until we stop.

        A cancellation alone may be lost: `asyncio.wait_for` forgets one that comes together with its answer.
        """
        self.broker = broker
        while not self._stop.is_set():
            await self._wanted.wait()
            try:
                await self._read(broker)
            except Unavailable as exc:
                log.warning("events_not_read", error=str(exc))
                await asyncio.sleep(AGAIN_SECONDS)

    async def follow(self, tenant: str, place: int | None, kinds: Collection[Kind]) -> AsyncGenerator[Told | int]:
        """Where it begins, what is told, and now and then how far nothing more was. Raises BrokerUnavailable, first.

        Ends when we stop, when the listener is too slow, and after a while: who comes back shows its token again.
        """
        began = time.monotonic()
        with self.listening(tenant, place, kinds) as listener:
            begin = await listener.begin(BEGIN_SECONDS)
            try:
                yield begin[0] if begin else listener.place or 0
                while not self._stop.is_set() and time.monotonic() < began + LONGEST_SECONDS:
                    found = await listener.next(SILENT_SECONDS)
                    for one in found:
                        yield one
                    if not found:
                        yield listener.place or 0
            except (TooSlow, Unavailable) as exc:
                log.info("listener_sent_away", why=repr(exc))
            finally:
                await listener.close()

    @contextmanager
    def listening(self, tenant: str, place: int | None, kinds: Collection[Kind]) -> Iterator["Listener"]:
        """From `place` on, or from now; of all kinds, if none is named."""
        memory = self._memories.setdefault(tenant, _Memory(self._remembered, self.reached))
        listener = Listener(self, memory, tenant, place, kinds)
        memory.listeners.add(listener)
        self._wanted.set()
        try:
            yield listener
        finally:
            memory.listeners.discard(listener)
            if not memory.listeners:
                del self._memories[tenant]

    async def _read(self, broker: Broker) -> None:
        """Until nobody listens. Raises BrokerUnavailable; the next call goes on where this one was."""
        _, last = await ends(broker)
        if self.reached is None or self.reached > last:
            self.reached = last
            for memory in self._memories.values():
                memory.begin_at(last)
        reader = StreamReader(broker, subjects.EVENTS, tuple(SUBJECT_OF.values()), self.reached)
        try:
            while self._memories and not self._stop.is_set():
                self._tell(await reader.read(LOOK_SECONDS))
                self.reached = reader.place
            self.reached = None
            self._wanted.clear()
        finally:
            await reader.close()

    def _tell(self, messages: Iterable[Msg]) -> None:
        for one in filter(None, map(told, messages)):
            memory = self._memories.get(one.occurrence.tenant) if one.occurrence else None
            if memory is not None:
                memory.add(one)
                memory.wake()


class Listener:
    """Goes from event to event by itself; of one task."""

    def __init__(
        self, events: TenantEvents, memory: _Memory, tenant: str, place: int | None, kinds: Collection[Kind]
    ) -> None:
        self._events = events
        self._memory = memory
        self._tenant = tenant
        self._kinds = frozenset(kinds or Kind)
        self._back: StreamReader | None = None
        self._kept_pace = False
        self.place = place
        """Up to here everything was told."""
        self.woken = asyncio.Event()
        self.broken = False

    async def begin(self, within_seconds: float) -> list[Told]:
        """Finds the place; tells if something was missed before it. Raises BrokerUnavailable."""
        if self._memory.since is None:
            await stopped_within(self.woken, within_seconds)
        reached = self._events.reached
        if self._memory.since is None or reached is None or self._events.broker is None:
            raise BrokerUnavailable("NATS does not tell what happens.")
        if self.place is None or self.place == reached:
            self.place = reached
            return []
        first, last = await ends(self._events.broker)
        if max(first - 1, 0) <= self.place <= last and reached - self.place <= READ_BACK_MOST:
            return []
        self.place = reached
        return [Told(reached, None)]

    async def next(self, within_seconds: float) -> list[Told]:
        """What came, or nothing after a while. Raises TooSlow, BrokerUnavailable."""
        while (found := await self._read_back()) is not None:
            if found:
                return found
        self._kept_pace = True
        self.woken.clear()
        found = self._remembered()
        if not found and await stopped_within(self.woken, within_seconds):
            found = self._remembered()
        return found

    def _remembered(self) -> list[Told]:
        place, reached = self.place or 0, self._events.reached or 0
        if self.broken or place < (self._memory.since or 0):
            raise TooSlow
        newer = self._memory.after(place)
        self.place = max(place, reached, newer[-1].place if newer else 0)
        return [one for one in newer if one.occurrence and one.occurrence.kind in self._kinds]

    async def _read_back(self) -> list[Told] | None:
        """From the stream itself, up to what is remembered; None when that is reached."""
        if self._events.broker is None or (self.place or 0) >= (self._memory.since or 0):
            return None
        if self._kept_pace:
            raise TooSlow
        if self._back is None:
            wanted = tuple(SUBJECT_OF[kind] for kind in self._kinds)
            self._back = StreamReader(self._events.broker, subjects.EVENTS, wanted, self.place or 0)
        messages = await self._back.read(READ_BACK_SECONDS)
        since = self._memory.since or 0
        self.place = min(self._back.place, since) if messages else since
        own = f'"tenant":"{self._tenant}"'.encode()  # others' are not even decoded
        found = [one for one in map(told, (message for message in messages if own in message.data)) if one]
        return [one for one in found if one.place <= since and one.occurrence and one.occurrence.tenant == self._tenant]

    async def close(self) -> None:
        if self._back is not None:
            await self._back.close()


def told(message: Msg) -> Told | None:
    """None for what cannot be read, and for what is nobody's business outside."""
    event = heard(subjects.CONTRACT_OF[message.subject], message)
    occurrence = occurrence_of(event) if event is not None else None
    return Told(message.metadata.sequence.stream, occurrence) if occurrence else None


async def ends(broker: Broker) -> tuple[int, int]:
    """The first and the last place of the stream. Raises BrokerUnavailable."""
    try:
        state = (await broker.jetstream.stream_info(subjects.EVENTS)).state
    except (nats.errors.Error, TimeoutError) as exc:
        raise BrokerUnavailable(f"{subjects.EVENTS} cannot be read: {exc!r}") from exc
    return state.first_seq, state.last_seq
