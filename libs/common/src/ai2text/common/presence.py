"""Which processes are there now: each says so every few seconds, and who is silent for longer is forgotten."""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import nats.errors
import structlog
from nats.aio.msg import Msg

from ai2text.common import subjects
from ai2text.common.clock import stopped_within
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.presence import ServicePresence
from ai2text.common.jetstream import Broker, heard
from ai2text.common.run import Life

log = structlog.get_logger()

EVERY_SECONDS = 5.0
FORGOTTEN_SECONDS = 15.0
"""Two words may be lost."""

Facts = Callable[[], dict[str, Any]]


async def presence_of(service: str, life: Life, facts: Facts = dict) -> ServicePresence:
    """Of this process. `service` is the name of its package without `ai2text-`."""
    return ServicePresence(
        service=service,
        instance=f"{socket.gethostname()}/{os.getpid()}",
        version=version(f"ai2text-{service}"),
        started_at=life.started_at,
        ready=await life.probes.ready(),
        facts=facts(),
    )


async def announce_presence(broker: Broker, service: str, life: Life, facts: Facts = dict) -> None:
    """Runs until the service stops."""
    while not life.stop.is_set():
        present = await presence_of(service, life, facts)
        if broker.connected:  # the client would keep the words of an hour and say them all together
            with suppress(nats.errors.Error):  # the connection logs its own troubles
                await broker.client.publish(subjects.presence(service), encode(present))
        await stopped_within(life.stop, EVERY_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    presence: ServicePresence
    seconds_ago: float


class Presence:
    """The latest word of each process that was heard lately."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._latest: dict[tuple[str, str], tuple[float, ServicePresence]] = {}

    async def listen(self, broker: Broker, stop: asyncio.Event) -> None:
        subscription = await broker.client.subscribe(subjects.presence("*"), cb=self._on_message)
        await stop.wait()
        with suppress(nats.errors.Error):  # the connection may be gone already
            await subscription.unsubscribe()

    def heard(self) -> list[Heard]:
        """By service and instance."""
        now = self._now()
        self._latest = {who: word for who, word in self._latest.items() if now - word[0] <= FORGOTTEN_SECONDS}
        return [Heard(presence=self._latest[w][1], seconds_ago=now - self._latest[w][0]) for w in sorted(self._latest)]

    def hear(self, presence: ServicePresence) -> None:
        self._latest[presence.service, presence.instance] = (self._now(), presence)

    async def _on_message(self, message: Msg) -> None:
        if presence := heard(ServicePresence, message):
            self.hear(presence)
