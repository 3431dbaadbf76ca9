"""The one place that wires the asr service together."""

import asyncio
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog

from ai2text.asr.batcher import Batcher
from ai2text.asr.cancellations import Cancellations
from ai2text.asr.decode_recording import Decoder
from ai2text.asr.model_cache import ModelCache
from ai2text.asr.model_commands import answer_model_commands
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
from ai2text.common.malloc import share_arenas
from ai2text.common.object_store import ObjectStore
from ai2text.common.presence import announce_presence
from ai2text.common.run import Life, run_service
from ai2text.common.settings import NatsSettings, S3Settings, load

log = structlog.get_logger()

RETRY_SECONDS = 5.0


def main() -> None:
    share_arenas()
    run_service("asr", serve)


async def serve(life: Life) -> None:
    settings, s3 = load(AsrSettings), load(S3Settings)
    store, models = ObjectStore(s3), ModelPool(settings, ModelCache(settings.model_cache, s3))
    first = asyncio.Event()
    life.probes.ready_when("model", first.is_set)
    at_once = settings.bulk_jobs + settings.interactive_jobs
    with (
        Sandbox(load(SandboxSettings).model_copy(update={"children": at_once})) as sandbox,
        Batcher(models.budget, models.workers) as batcher,
        ThreadPoolExecutor(at_once, "job") as threads,
    ):
        async with connect(load(NatsSettings), "asr", life.end) as broker:
            decoder = Decoder(store, sandbox, models, batcher, utc_now)
            worker = f"{socket.gethostname()}/{os.getpid()}"
            cancellations = Cancellations()
            await cancellations.subscribe(broker)
            use_case = TranscribeRecording(broker, store, decoder, cancellations, threads, worker, utc_now)
            lanes = {lane: Consumer(broker, work) for lane, work in _lanes(use_case, settings, life).items()}
            life.probes.ready_when("nats", lambda: broker.connected)
            life.probes.ready_when("consumer", lambda: not any(consumer.halted for consumer in lanes.values()))

            def facts() -> dict[str, Any]:
                return {"models": models.facts(), "jobs": sum(consumer.in_flight for consumer in lanes.values())}

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_load_first_model(models, settings.model, life, first))
                tasks.create_task(_close_when_stopped(models, life))
                tasks.create_task(answer_model_commands(broker, models, worker, life.stop))
                for consumer in lanes.values():
                    tasks.create_task(consumer.run(life.stop))
                tasks.create_task(announce_presence(broker, "asr", life, facts))


def _lanes(use_case: TranscribeRecording, settings: AsrSettings, life: Life) -> dict[Lane, Work]:
    """Each lane has room of its own, so that no number of long recordings keeps an interactive clip waiting."""
    held_seconds = 0.0

    async def handle(delivery: Delivery) -> None:
        job = _job(delivery.event)
        try:
            await use_case.transcribe_recording(job, delivery.number)
        except RuntimeError as exc:
            if "CUDA" in str(exc):  # the context is lost with it: only a new process decodes again
                life.end()
            raise

    async def handle_bulk(delivery: Delivery) -> None:
        nonlocal held_seconds
        seconds = _job(delivery.event).duration_seconds
        held_seconds += seconds
        try:
            await handle(delivery)
        finally:
            held_seconds -= seconds

    async def give_up(event: subjects.Event, reason: Reason, deliveries: int) -> None:
        await use_case.give_up(_job(event), reason, deliveries)

    return {
        Lane.BULK: Work(
            stream=subjects.WORK,
            durable=subjects.asr_durable(Lane.BULK),
            handle=handle_bulk,
            give_up=give_up,
            concurrency=settings.bulk_jobs,
            full=lambda: held_seconds >= settings.bulk_audio_seconds,
        ),
        Lane.INTERACTIVE: Work(
            stream=subjects.WORK,
            durable=subjects.asr_durable(Lane.INTERACTIVE),
            handle=handle,
            give_up=give_up,
            concurrency=settings.interactive_jobs,
        ),
    }


def _job(event: subjects.Event) -> TranscriptionRequested:
    if not isinstance(event, TranscriptionRequested):
        raise Poison("unexpected_event", f"The asr service does not work on {type(event).__name__}.")
    return event


async def _load_first_model(models: ModelPool, name: str, life: Life, loaded: asyncio.Event) -> None:
    """Before the first job asks for it; a hub that is away is asked again, an unknown name ends the process."""
    while not life.stop.is_set():
        try:
            await asyncio.to_thread(models.load, name)
        except Refused as exc:
            raise Misconfigured(f"AI2TEXT_ASR_MODEL: {exc.detail}") from exc
        except Unavailable as exc:
            log.warning("waiting_for_model", error=str(exc))
            await stopped_within(life.stop, RETRY_SECONDS)
        else:
            loaded.set()
            return


async def _close_when_stopped(models: ModelPool, life: Life) -> None:
    await life.stop.wait()
    models.close()
