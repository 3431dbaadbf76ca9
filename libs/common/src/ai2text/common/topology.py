"""The one idempotent set-up step for streams and durables; services bind to them and never make them.

Run as `python -m ai2text.common.topology` (a Job in a cluster, the first step of `ai2text up` on a laptop).
"""

import asyncio
import sys

import structlog
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from ai2text.common import logs, subjects
from ai2text.common.bucket_settings import load_places
from ai2text.common.contracts.states import Lane
from ai2text.common.errors import Misconfigured
from ai2text.common.jetstream import Broker, connect
from ai2text.common.settings import LogSettings, NatsSettings, load

log = structlog.get_logger()

DAY_SECONDS = 86_400
UNLIMITED_DELIVERIES = -1
"""At its own limit JetStream leaves a message in the stream for ever; the budget is kept by the consumer."""
MOST_UNSETTLED = 10_000
CATALOGUED = ("recording.>", "transcription.>", subjects.DATASET_ASSEMBLED, "training.>")
"""What metadata reads: it keeps it, or tells webhooks of it."""


def streams(settings: NatsSettings) -> list[StreamConfig]:
    def on_file(name: str, subject_list: list[str], retention: RetentionPolicy, **limits: float) -> StreamConfig:
        return StreamConfig(
            name=name,
            subjects=subject_list,
            retention=retention,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            num_replicas=settings.replicas,
            duplicate_window=120,
            **limits,  # type: ignore[arg-type]
        )

    return [
        on_file(
            subjects.WORK,
            [
                f"{subjects.TRANSCRIPTION_REQUESTED}.*",
                subjects.DATASET_SHARD_REQUESTED,
                subjects.WEBHOOK_DELIVERY_REQUESTED,
            ],
            RetentionPolicy.WORK_QUEUE,
            max_bytes=settings.work_max_bytes,
        ),
        on_file(
            subjects.EVENTS,
            [
                "recording.>",
                subjects.TRANSCRIPTION_STARTED,
                subjects.TRANSCRIPTION_FAILED,
                subjects.TRANSCRIPTION_CANCELLED,
                "transcript.>",
                subjects.DATASET_ASSEMBLED,
                "training.>",
            ],
            RetentionPolicy.LIMITS,
            max_bytes=settings.events_max_bytes,
            max_age=settings.events_max_age_days * DAY_SECONDS,
        ),
        on_file(subjects.DEAD, [f"{subjects.DEAD_LETTERED}.*"], RetentionPolicy.LIMITS),
        StreamConfig(
            name=subjects.LIVE,
            subjects=[f"{subjects.LIVE_SEGMENTS}.>"],
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.MEMORY,
            discard=DiscardPolicy.OLD,
            max_age=3600,
            max_bytes=256 << 20,
            num_replicas=settings.replicas,
        ),
    ]


def durables(settings: NatsSettings, folders: tuple[str, ...]) -> list[tuple[str, ConsumerConfig]]:
    """Pairs of stream and durable."""

    def durable(name: str, *filters: str) -> ConsumerConfig:
        return ConsumerConfig(
            durable_name=name,
            filter_subject=filters[0] if len(filters) == 1 else None,
            filter_subjects=list(filters) if len(filters) > 1 else None,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=settings.ack_wait_seconds,
            max_deliver=UNLIMITED_DELIVERIES,
            max_ack_pending=MOST_UNSETTLED,
        )

    return [
        *((subjects.WORK, durable(subjects.asr_durable(x), subjects.transcription_requested(x))) for x in Lane),
        (subjects.WORK, durable(subjects.DATASET_SHARDS, subjects.DATASET_SHARD_REQUESTED)),
        (subjects.WORK, durable(subjects.WEBHOOKS, subjects.WEBHOOK_DELIVERY_REQUESTED)),
        (subjects.EVENTS, durable(subjects.METADATA, *CATALOGUED)),
        (subjects.EVENTS, durable(subjects.ERASURES, subjects.RECORDING_ERASED)),
        (subjects.EVENTS, durable(subjects.WITHDRAWALS, subjects.RECORDING_ERASED)),
        (subjects.DEAD, durable(subjects.DEAD_LETTERS, f"{subjects.DEAD_LETTERED}.*")),
        *(
            (
                subjects.EVENTS,
                durable(
                    subjects.ingestion_durable(folder),
                    subjects.RECORDING_TRANSCRIBED,
                    subjects.TRANSCRIPTION_FAILED,
                    subjects.TRANSCRIPTION_CANCELLED,
                    subjects.TRANSCRIPT_CORRECTED,
                    subjects.RECORDING_ERASED,
                ),
            )
            for folder in folders
        ),
    ]


async def set_up(broker: Broker, folders: tuple[str, ...]) -> None:
    """Makes what is missing, brings what differs to the present configuration, and keeps all messages."""
    jetstream = broker.jetstream
    for stream in streams(broker.settings):
        try:
            await jetstream.stream_info(str(stream.name))
        except NotFoundError:
            await jetstream.add_stream(stream)
        else:
            await jetstream.update_stream(stream)
    for stream_name, durable in durables(broker.settings, folders):
        await jetstream.add_consumer(stream_name, durable)
    await _remove_durables_of_former_folders(broker, folders)
    log.info("topology_ready", folders=folders)


async def _remove_durables_of_former_folders(broker: Broker, folders: tuple[str, ...]) -> None:
    """Nobody reads them any more, and what waits for them would count as unsettled for ever."""
    present = {subjects.ingestion_durable(folder) for folder in folders}
    for reader in await broker.jetstream.consumers_info(subjects.EVENTS):
        if reader.name.startswith(subjects.ingestion_durable("")) and reader.name not in present:
            await broker.jetstream.delete_consumer(subjects.EVENTS, reader.name)
            log.info("durable_removed", durable=reader.name)


async def _main() -> None:
    settings, places = load(NatsSettings), load_places()
    logs.configure("topology", load(LogSettings))
    async with connect(settings, "topology") as broker:
        await set_up(broker, places)


if __name__ == "__main__":
    try:
        asyncio.run(_main())
    except Misconfigured as exc:
        sys.exit(f"ai2text topology: {exc}")
