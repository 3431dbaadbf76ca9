"""Pull consumers with three outcomes: done (double ack), poison (dead letter), anything else (later, within a budget).

The budget is checked before the content is touched, for messages that kill the worker that reads them. A server
that is away uses up no budget: the message is kept, with heartbeats, until the server is back.
"""

import asyncio
import base64
import random
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid5

import nats.errors
import structlog
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from ai2text.common import metrics, subjects, tracing
from ai2text.common.clock import Clock, stopped_within, utc_now
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.dead_letter import DeadLetter
from ai2text.common.contracts.identity import NAMESPACE
from ai2text.common.contracts.reason import Reason
from ai2text.common.errors import Poison, Unavailable
from ai2text.common.jetstream import Broker

log = structlog.get_logger()

IDLE_SECONDS = 1.0
"""How long one fetch waits, and a stop with it: a fetch is never cancelled, for its message would be lost."""

FULL_SECONDS = 0.05
"""Until a full worker looks again whether there is room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way through a service."""

    event: subjects.Event
    number: int
    """1 for the first delivery."""
    position: int
    """Of its message in the stream."""


Handle = Callable[[Delivery], Awaitable[None]]
"""Returns when the work is durable. Poison dead-letters, Unavailable waits, anything else is retried."""

GiveUp = Callable[[subjects.Event, Reason, int], Awaitable[None]]
"""Called before an event is dead-lettered, with the deliveries so far: records the failure where it is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a consumer reads and what it does with it."""

    stream: str
    durable: str
    handle: Handle
    give_up: GiveUp | None = None
    concurrency: int = 1
    full: Callable[[], bool] | None = None
    """Whether what is in flight is enough for now, by another measure than its number."""


class Consumer:
    """Takes messages until told to stop, then finishes what it holds."""

    def __init__(self, broker: Broker, work: Work, clock: Clock = utc_now) -> None:
        self._broker = broker
        self._work = work
        self._clock = clock
        self._settings = broker.settings
        self._slots = asyncio.Semaphore(work.concurrency)
        self._dead_in_a_row = 0
        self._in_flight = 0

    @property
    def in_flight(self) -> int:
        """Messages taken and not yet settled."""
        return self._in_flight

    @property
    def halted(self) -> bool:
        """Whether so many messages in a row were dead-lettered that something else must be wrong."""
        return self._dead_in_a_row >= self._settings.halt_after_dead_letters

    async def run(self, stop: asyncio.Event) -> None:
        subscription = await self._broker.jetstream.pull_subscribe_bind(self._work.durable, self._work.stream)
        async with asyncio.TaskGroup() as in_flight:
            while not stop.is_set():
                await self._slots.acquire()
                message = await self._take(subscription, stop)
                if message is None:
                    self._slots.release()
                else:
                    in_flight.create_task(self._settle(message, stop))

    async def _take(self, subscription: JetStreamContext.PullSubscription, stop: asyncio.Event) -> Msg | None:
        if self.halted:
            log.error("consumer_halted", durable=self._work.durable, dead_in_a_row=self._dead_in_a_row)
            await stop.wait()
            return None
        await asyncio.sleep(0)  # what was taken last is at work now, and counts
        while self._work.full is not None and self._work.full():
            await stopped_within(stop, FULL_SECONDS)
            if stop.is_set():
                return None
        return None if stop.is_set() else await _fetch_one(subscription, IDLE_SECONDS)

    async def _settle(self, message: Msg, stop: asyncio.Event) -> None:
        durable = self._work.durable
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._in_flight += 1
        with metrics.MESSAGES_IN_FLIGHT.labels(durable).track_inprogress():
            try:
                with tracing.span(f"consume {message.subject}", message.headers):
                    async with self._heartbeat(message):
                        outcome = await self._work_on(message, stop)
            finally:
                structlog.contextvars.unbind_contextvars("recording_id", "job_id")
                self._in_flight -= 1
                self._slots.release()
        self._dead_in_a_row = self._dead_in_a_row + 1 if outcome == "dead_lettered" else 0
        metrics.MESSAGES_SETTLED.labels(durable, outcome).inc()
        metrics.MESSAGE_SECONDS.labels(durable).observe(loop.time() - began)

    async def _work_on(self, message: Msg, stop: asyncio.Event) -> str:
        """Settles the message and says how."""
        number = message.metadata.num_delivered
        try:
            self._check_budget(number)
            event = _event_of(message)
            _bind_context(event)
            await self._handle_when_possible(
                Delivery(event=event, number=number, position=message.metadata.sequence.stream), stop
            )
        except Poison as exc:
            reason = Reason(code=exc.code, detail=exc.detail)
            return await self._dead_letter(message, reason, traceback.format_exc())
        except _HandedBack:
            await self._later(message, self._settings.retry_base_seconds)
            return "handed_back"
        except asyncio.CancelledError:
            await asyncio.shield(self._later(message, self._settings.retry_base_seconds))
            raise
        except Exception as exc:
            log.exception("handling_failed", durable=self._work.durable, delivery=number)
            return await self._retry(message, exc)
        await self._confirm(message)
        return "done"

    def _check_budget(self, number: int) -> None:
        """Before the content is touched: the content may be what its workers died of."""
        if number > self._settings.delivery_budget:
            raise Poison(
                "delivery_budget_spent", f"Delivered {number - 1} times without a result; its workers may die of it."
            )

    async def _retry(self, message: Msg, failure: Exception) -> str:
        number = message.metadata.num_delivered
        if number >= self._settings.delivery_budget:
            reason = Reason(code="failed_repeatedly", detail=f"{type(failure).__name__}: {failure}")
            return await self._dead_letter(message, reason, "".join(traceback.format_exception(failure)))
        await self._later(message, self._delay_after(number))
        return "retried"

    async def _handle_when_possible(self, delivery: Delivery, stop: asyncio.Event) -> None:
        """Waits out a server that is away, here and not in the queue, so that no delivery is spent on it."""
        delay = self._settings.retry_base_seconds
        while True:
            try:
                return await self._work.handle(delivery)
            except Unavailable as exc:
                log.warning("waiting_for_a_server", error=str(exc), delay_seconds=delay)
            if await stopped_within(stop, delay):
                raise _HandedBack
            delay = min(delay * 2, self._settings.retry_cap_seconds)

    def _delay_after(self, number: int) -> float:
        doubled: float = self._settings.retry_base_seconds * 2 ** (number - 1)
        return min(doubled, self._settings.retry_cap_seconds) * random.uniform(0.5, 1)  # noqa: S311 - jitter

    async def _dead_letter(self, message: Msg, reason: Reason, trace: str) -> str:
        """Records the failure, keeps the whole message, and only then lets it go."""
        letter = _dead_letter_of(self._work.durable, message, reason, trace, self._clock())
        try:
            await self._give_up(message, reason)
            await self._broker.publish(letter)
        except Unavailable as exc:
            log.warning("dead_letter_postponed", error=str(exc), reason=reason.code)
            await self._later(message, self._settings.retry_cap_seconds)
            return "retried"
        log.error("message_dead_lettered", durable=self._work.durable, reason=reason.code, detail=reason.detail)
        with suppress(nats.errors.Error):  # not heard: it comes again and is dead-lettered under the same id
            await message.term()
        return "dead_lettered"

    async def _give_up(self, message: Msg, reason: Reason) -> None:
        if self._work.give_up is None:
            return
        with suppress(Poison):  # undecodable: there is no job whose failure could be recorded
            await self._work.give_up(_event_of(message), reason, message.metadata.num_delivered)

    async def _later(self, message: Msg, delay_seconds: float) -> None:
        with suppress(nats.errors.Error):  # not heard: the ack wait brings it back
            await message.nak(delay=delay_seconds)

    async def _confirm(self, message: Msg) -> None:
        try:
            await message.ack_sync(timeout=5)
        except nats.errors.Error as exc:
            log.warning("ack_not_confirmed", error=repr(exc))  # it comes again, and the work is idempotent

    @asynccontextmanager
    async def _heartbeat(self, message: Msg) -> AsyncIterator[None]:
        async def beat() -> None:
            while True:
                await asyncio.sleep(self._settings.heartbeat_seconds)
                with suppress(nats.errors.Error):  # the connection logs its own troubles
                    await message.in_progress()

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()


class _HandedBack(Exception):
    pass


async def _fetch_one(subscription: JetStreamContext.PullSubscription, seconds: float) -> Msg | None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        (message,) = await subscription.fetch(1, timeout=seconds)
    except TimeoutError:  # nats-py raises its own, and in places asyncio's
        message = None
    except nats.errors.Error as exc:
        log.warning("fetch_failed", error=repr(exc))
        message = None
    if message is None:  # a refusal comes at once; never ask in a tight loop
        await asyncio.sleep(max(0.0, seconds - (loop.time() - began)))
    return message


def _event_of(message: Msg) -> subjects.Event:
    contract = subjects.contract_of(message.subject)
    if contract is None:
        raise Poison("unknown_subject", f"Nothing here reads {message.subject}.")
    return decode(contract, message.data)


def _bind_context(event: subjects.Event) -> None:
    names = ("recording_id", "job_id")
    structlog.contextvars.bind_contextvars(**{n: getattr(event, n) for n in names if hasattr(event, n)})


def _dead_letter_of(durable: str, message: Msg, reason: Reason, trace: str, now: datetime) -> DeadLetter:
    facts = message.metadata
    return DeadLetter(
        dead_letter_id=str(uuid5(NAMESPACE, f"dead/{facts.stream}/{durable}/{facts.sequence.stream}")),
        stream=facts.stream,
        durable=durable,
        subject=message.subject,
        stream_sequence=facts.sequence.stream,
        deliveries=facts.num_delivered,
        reason=reason,
        traceback=trace,
        headers=dict(message.headers or {}),
        payload_base64=base64.b64encode(message.data).decode(),
        dead_at=now,
    )
