"""The one place that wires the asr service together."""

import asyncio
import os
import socket

import structlog

from ai2text.asr.decode_recording import Decoder
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
from ai2text.asr.transcribe_recording import TranscribeRecording
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common import subjects
from ai2text.common.clock import stopped_within, utc_now
from ai2text.common.consumer import Consumer, Delivery, Work
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import Lane
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.common.errors import Misconfigured, Poison, Refused, Unavailable
from ai2text.common.jetstream import connect
from ai2text.common.object_store import ObjectStore
from ai2text.common.presence import announce_presence
from ai2text.common.run import Life, run_service
from ai2text.common.settings import NatsSettings, S3Settings, load

log = structlog.get_logger()

INTERACTIVE, BULK = (subjects.asr_durable(lane) for lane in (Lane.INTERACTIVE, Lane.BULK))
BULK_EVERY = 5
"""Every so many jobs the bulk lane goes first, so that interactive load never starves it."""
RETRY_SECONDS = 5.0


def main() -> None:
    run_service("asr", serve)


async def serve(life: Life) -> None:
    settings, store = load(AsrSettings), ObjectStore(load(S3Settings))
    models = ModelPool(settings)
    life.probes.ready_when("model", lambda: models.loaded(settings.model))
    with Sandbox(load(SandboxSettings)) as sandbox:
        async with connect(load(NatsSettings), "asr", life.end) as broker:
            decoder = Decoder(store, sandbox, models, utc_now)
            worker = f"{socket.gethostname()}/{os.getpid()}"
            use_case = TranscribeRecording(broker, store, decoder, worker, utc_now)
            consumer = Consumer(broker, _work(use_case, settings, life))
            life.probes.ready_when("nats", lambda: broker.connected)
            life.probes.ready_when("consumer", lambda: not consumer.halted)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_load_first_model(models, settings.model, life))
                tasks.create_task(consumer.run(life.stop))
                tasks.create_task(
                    announce_presence(
                        broker, "asr", life, lambda: {"models": models.facts(), "jobs": consumer.in_flight}
                    )
                )


def lane_order(turn: int) -> tuple[str, str]:
    return (BULK, INTERACTIVE) if turn % BULK_EVERY == BULK_EVERY - 1 else (INTERACTIVE, BULK)


def _work(use_case: TranscribeRecording, settings: AsrSettings, life: Life) -> Work:
    async def handle(delivery: Delivery) -> None:
        try:
            await use_case.transcribe_recording(_job(delivery.event), delivery.number)
        except RuntimeError as exc:
            if "CUDA" in str(exc):  # the context is lost with it: only a new process decodes again
                life.end()
            raise

    async def give_up(event: subjects.Event, reason: Reason, deliveries: int) -> None:
        await use_case.give_up(_job(event), reason, deliveries)

    return Work(
        stream=subjects.WORK,
        durables=(INTERACTIVE, BULK),
        handle=handle,
        give_up=give_up,
        concurrency=settings.jobs,
        order=lane_order,
    )


def _job(event: subjects.Event) -> TranscriptionRequested:
    if not isinstance(event, TranscriptionRequested):
        raise Poison("unexpected_event", f"The asr service does not work on {type(event).__name__}.")
    return event


async def _load_first_model(models: ModelPool, name: str, life: Life) -> None:
    """Before the first job asks for it; a hub that is away is asked again, an unknown name ends the process."""
    while not life.stop.is_set():
        try:
            await asyncio.to_thread(models.get, name)
        except Refused as exc:
            raise Misconfigured(f"AI2TEXT_ASR_MODEL: {exc.detail}") from exc
        except Unavailable as exc:
            log.warning("waiting_for_model", error=str(exc))
            await stopped_within(life.stop, RETRY_SECONDS)
        else:
            return
