"""What an operator asks of all workers at once: to load a model, to unload it, to unload all."""

import asyncio
from contextlib import suppress

import nats.errors
import structlog
from nats.aio.msg import Msg

from ai2text.asr.model_pool import ModelPool
from ai2text.common import subjects
from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.models import ModelAction, ModelAnswer, ModelCommand
from ai2text.common.contracts.reason import Reason
from ai2text.common.errors import Refused, Unavailable
from ai2text.common.jetstream import Broker, heard

log = structlog.get_logger()

EARLY_SECONDS = 1.5
"""A wrong name or a small model is answered for within it; what takes longer is told by the presence."""


async def answer_model_commands(broker: Broker, models: ModelPool, worker: str, stop: asyncio.Event) -> None:
    """Runs until the service stops."""

    async def answer(message: Msg) -> None:
        command = heard(ModelCommand, message)
        if command is None:
            return
        log.info("model_command", action=command.action, model=command.model)
        answered = await asyncio.to_thread(_obey, models, command, worker)
        with suppress(nats.errors.Error):  # who asked waits no longer than a moment
            await message.respond(encode(answered))

    subscription = await broker.client.subscribe(subjects.MODEL_COMMANDS, cb=answer)
    await stop.wait()
    with suppress(nats.errors.Error):  # the connection may be gone already
        await subscription.unsubscribe()


def _obey(models: ModelPool, command: ModelCommand, worker: str) -> ModelAnswer:
    try:
        changed = _done(models, command)
    except Refused as exc:
        return ModelAnswer(worker=worker, changed=False, refused=Reason(code=exc.code, detail=exc.detail))
    except Unavailable as exc:
        log.warning("model_command_waits", model=command.model, error=str(exc))
        return ModelAnswer(worker=worker, changed=False)
    return ModelAnswer(worker=worker, changed=changed)


def _done(models: ModelPool, command: ModelCommand) -> bool:
    """Whether anything was loaded or unloaded by now. Raises Refused, Unavailable."""
    if command.model is None:
        return bool(models.unload_all())
    if command.action is ModelAction.UNLOAD:
        return models.unload(command.model)
    models.load(command.model, EARLY_SECONDS)
    return models.loaded(command.model)
