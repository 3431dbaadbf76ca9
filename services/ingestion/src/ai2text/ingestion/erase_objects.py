"""What is said to be erased is deleted from the object store, with all its versions."""

import asyncio

import structlog

from ai2text.common import subjects
from ai2text.common.consumer import Consumer, Delivery, Work
from ai2text.common.contracts.erasure import RecordingErased
from ai2text.common.errors import Poison
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore

log = structlog.get_logger()


async def erase_objects(store: ObjectStore, event: RecordingErased) -> None:
    """May be repeated. Raises StoreUnavailable, Poison for a key of another tenant."""
    if not all(key.startswith(f"{event.tenant}/") for key in event.keys):
        raise Poison("foreign_key", f"Not all of the keys are those of the tenant {event.tenant}.")
    for key in event.keys:
        await asyncio.to_thread(store.erase, key)
        log.debug("object_erased", recording_id=event.recording_id)
    log.info("objects_erased", recording_id=event.recording_id, objects=len(event.keys))


def erasure_consumer(broker: Broker, store: ObjectStore) -> Consumer:
    async def handle(delivery: Delivery) -> None:
        if not isinstance(delivery.event, RecordingErased):
            raise Poison("unexpected_event", f"{type(delivery.event).__name__} erases nothing.")
        await erase_objects(store, delivery.event)

    return Consumer(broker, Work(stream=subjects.EVENTS, durable=subjects.ERASURES, handle=handle))
