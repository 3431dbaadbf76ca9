"""The connection to NATS, and publishing: nothing counts as said before the stream has acknowledged it."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import APIError, NotFoundError, ServerError, ServiceUnavailableError

from ai2text.common import metrics, subjects, tracing
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.live import SegmentsHeard, TranscriptionProgress
from ai2text.common.errors import BrokerUnavailable, Misconfigured, Poison
from ai2text.common.settings import NatsSettings

log = structlog.get_logger()

T = TypeVar("T")

OLDEST_SERVER = (2, 12)
"""Older servers resurrect acknowledged work-queue messages after a crash and ignore newer fields in silence."""
ATTEMPT_SECONDS = 5.0
STREAM_FULL = 10_077
"""JetStream's code for `maximum bytes exceeded`, and for its like."""


class Broker:
    """A connection that never gives up, and a publisher that waits for the stream's word."""

    def __init__(self, client: Client, settings: NatsSettings) -> None:
        self.client = client
        self.settings = settings
        self.jetstream: JetStreamContext = client.jetstream(timeout=ATTEMPT_SECONDS)

    @property
    def connected(self) -> bool:
        return bool(self.client.is_connected)

    async def publish(self, event: subjects.Event) -> None:
        """As `publish_encoded`, with the message id that the event itself decides."""
        await self.publish_encoded(subjects.subject_of(event), encode(event), subjects.message_id_of(event))

    async def say(self, event: SegmentsHeard | TranscriptionProgress) -> None:
        """Without waiting for anybody's word that it was heard; raises nats.errors.Error."""
        await self.client.publish(subjects.live_subject_of(event), encode(event))

    async def publish_encoded(self, subject: str, payload: bytes, message_id: str) -> None:
        """Returns when the stream holds the message; raises BrokerUnavailable when it did not say so in time.

        A repetition carries the same message id, so that a lost acknowledgement does not make two messages.
        """
        headers = {"Nats-Msg-Id": message_id, **tracing.outgoing_headers()}
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.settings.publish_deadline_seconds
        delay = 0.1
        while True:
            try:
                await self.jetstream.publish(subject, payload, headers=headers)
            except nats.errors.Error as exc:
                if _is_final(exc):
                    raise BrokerUnavailable(f"The stream refused {subject}: {exc}") from exc
                if loop.time() + delay > deadline:
                    raise BrokerUnavailable(f"No acknowledgement for {subject}: {exc!r}") from exc
                metrics.PUBLISH_RETRIES.labels(subject).inc()
            else:
                return
            await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - jitter, not a secret
            delay = min(delay * 2, ATTEMPT_SECONDS)

    async def kept(self, stream: str, subject: str) -> AsyncIterator[bytes]:
        """What the stream holds under the subject now: of a work queue, what waits or is in somebody's hands.

        Raises BrokerUnavailable.
        """
        sequence = 0
        while message := await self._next_kept(stream, subject, sequence + 1):
            sequence = message.seq or sequence + 1
            yield message.data or b""

    async def _next_kept(self, stream: str, subject: str, sequence: int) -> RawStreamMsg | None:
        asking = self.jetstream.get_msg(stream, seq=sequence, subject=subject, next=True)
        try:
            return await asking
        except NotFoundError:
            return None
        except nats.errors.Error as exc:
            raise BrokerUnavailable(f"{stream} does not answer: {exc!r}") from exc


def heard(contract: type[T], message: Msg) -> T | None:
    """Of core NATS, which nobody dead-letters: None, and a warning, for what is not such a document."""
    try:
        return decode(contract, message.data)
    except Poison as exc:
        log.warning("message_undecodable", subject=message.subject, detail=exc.detail)
        return None


def _is_final(exc: nats.errors.Error) -> bool:
    """A full stream stays full, although it answers 503 as a server does that is only busy."""
    if not isinstance(exc, APIError):
        return False
    return exc.err_code == STREAM_FULL or not isinstance(exc, ServiceUnavailableError | ServerError)


@asynccontextmanager
async def connect(
    settings: NatsSettings, name: str, on_closed: Callable[[], None] | None = None
) -> AsyncIterator[Broker]:
    """Waits for the server however long it takes; raises Misconfigured when it is too old or refuses the login.

    `on_closed` is called when the connection is lost for good, which ends the process.
    """
    closing = False

    async def disconnected() -> None:
        if not closing:
            log.warning("broker_disconnected")

    async def reconnected() -> None:
        log.info("broker_reconnected")

    refused = asyncio.Event()

    async def errored(exc: Exception) -> None:
        log.warning("broker_error", error=repr(exc))
        if "authorization" in str(exc).lower():
            refused.set()

    async def closed() -> None:
        if not closing and on_closed:
            log.error("broker_closed")
            on_closed()

    client = Client()
    connecting = asyncio.create_task(
        client.connect(
            settings.url.split(","),
            name=name,
            user=settings.user,
            password=settings.password.get_secret_value() if settings.password else None,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            ping_interval=15,
            drain_timeout=3,
            disconnected_cb=disconnected,
            reconnected_cb=reconnected,
            error_cb=errored,
            closed_cb=closed,
        )
    )
    await _unless(refused, connecting)
    try:
        _check_version(client)
        yield Broker(client, settings)
    finally:
        closing = True
        await client.close()


async def _unless(refused: asyncio.Event, connecting: asyncio.Task[None]) -> None:
    """The client itself would try a refused login for ever."""
    refusal = asyncio.create_task(refused.wait())
    await asyncio.wait({refusal, connecting}, return_when=asyncio.FIRST_COMPLETED)
    refusal.cancel()
    if not connecting.done():
        connecting.cancel()
        await asyncio.wait({connecting})
        raise Misconfigured("NATS refused the login: check AI2TEXT_NATS_USER and AI2TEXT_NATS_PASSWORD.")
    connecting.result()


def _check_version(client: Client) -> None:
    version = client.connected_server_version
    if (version.major, version.minor) < OLDEST_SERVER:
        raise Misconfigured(
            f"NATS {version.major}.{version.minor} loses acknowledgements in a crash: "
            f"AI2Text needs {OLDEST_SERVER[0]}.{OLDEST_SERVER[1]} or newer."
        )
