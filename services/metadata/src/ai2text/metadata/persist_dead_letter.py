"""A message that some reader gave up becomes a row that people can look at and replay."""

import structlog

from ai2text.common import subjects
from ai2text.common.contracts.dead_letter import DeadLetter
from ai2text.metadata.postgres import dead_letters
from ai2text.metadata.postgres.dead_letters import as_uuid, event_of
from ai2text.metadata.postgres.erasures import next_lives
from ai2text.metadata.postgres.pool import Connection, Database
from ai2text.metadata.remains import is_late, place_of

log = structlog.get_logger()


async def persist_dead_letter(database: Database, letter: DeadLetter, position: int) -> bool:
    """`position` is that of its message. May be repeated. Raises CatalogueUnavailable.

    False for something that was erased, of which the stream is to keep nothing either.
    """
    event = event_of(letter)
    async with database.transaction() as connection:
        if event is not None and await _was_erased(connection, event):
            return False
        await dead_letters.save_dead_letter(connection, letter, position)
    log.warning("dead_letter_persisted", dead_letter_id=letter.dead_letter_id, reason=letter.reason.code)
    return True


async def _was_erased(connection: Connection, event: subjects.Event) -> bool:
    place = place_of(event)
    if place is None or as_uuid(place[0]) is None:
        return False
    return is_late(event, await next_lives(connection, [place[0]]))
