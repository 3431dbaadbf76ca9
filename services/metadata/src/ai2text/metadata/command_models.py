"""Models in the workers' memory: told of by their presence, loaded and unloaded by asking all workers at once."""

import asyncio
from typing import Any

import nats.errors
import structlog
from nats.aio.subscription import Subscription

from ai2text.common import subjects
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.models import ModelAction, ModelAnswer, ModelCommand
from ai2text.common.errors import BrokerUnavailable, Refused, Unavailable
from ai2text.common.jetstream import Broker
from ai2text.common.presence import Presence
from ai2text.metadata.model_states import model_states

log = structlog.get_logger()

ANSWER_SECONDS = 4.0
"""A worker answers within two; one that is busy or gone is not waited for longer."""


class CommandModels:
    """The use case with what it needs."""

    def __init__(self, broker: Broker, presence: Presence) -> None:
        self._broker = broker
        self._presence = presence

    def states(self) -> list[dict[str, Any]]:
        return model_states(self._presence.heard())

    async def load(self, model: str) -> bool:
        """Whether every worker that answered has it by now; it may take minutes. Raises Refused, Unavailable."""
        answers = await self._ask(ModelCommand(action=ModelAction.LOAD, model=model))
        refusals = [answer.refused for answer in answers if answer.refused is not None]
        if len(refusals) == len(answers):
            raise Refused(refusals[0].code, refusals[0].detail)
        return all(answer.changed for answer in answers if answer.refused is None)

    async def unload(self, model: str | None) -> int:
        """How many workers had it loaded, or any model for None. Raises Refused, Unavailable."""
        answers = await self._ask(ModelCommand(action=ModelAction.UNLOAD, model=model))
        return sum(answer.changed for answer in answers)

    async def _ask(self, command: ModelCommand) -> list[ModelAnswer]:
        """Of each worker that answered in time. Raises Unavailable when none did."""
        expected = {one.presence.instance for one in self._presence.heard() if one.presence.service == "asr"}
        inbox = self._broker.client.new_inbox()
        try:
            subscription = await self._broker.client.subscribe(inbox)
            await self._broker.client.publish(subjects.MODEL_COMMANDS, encode(command), reply=inbox)
        except nats.errors.Error as exc:
            raise BrokerUnavailable(f"The workers cannot be asked: {exc!r}") from exc
        try:
            answers = await _answers(subscription, expected)
        finally:
            await subscription.unsubscribe()
        if not answers:
            raise Unavailable("No asr worker answers.")
        return answers


async def _answers(subscription: Subscription, expected: set[str]) -> list[ModelAnswer]:
    """Until all who are expected have answered, and nobody was expected in vain for too long."""
    loop, answers = asyncio.get_running_loop(), list[ModelAnswer]()
    deadline = loop.time() + ANSWER_SECONDS
    while loop.time() < deadline and not (expected and expected <= {answer.worker for answer in answers}):
        try:
            message = await subscription.next_msg(timeout=deadline - loop.time())
        except (nats.errors.Error, TimeoutError):
            break
        if not message.data:  # the server's own word: nobody listens
            break
        answers.append(decode(ModelAnswer, message.data))
    return answers
