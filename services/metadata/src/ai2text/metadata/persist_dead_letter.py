"""A message that some reader gave up becomes a row that people can look at and replay."""

import structlog

from ai2text.common.contracts.dead_letter import DeadLetter
from ai2text.metadata.postgres import dead_letters
from ai2text.metadata.postgres.pool import Database

log = structlog.get_logger()


async def persist_dead_letter(database: Database, letter: DeadLetter) -> None:
    """May be repeated. Raises CatalogueUnavailable."""
    async with database.transaction() as connection:
        await dead_letters.save_dead_letter(connection, letter)
    log.warning("dead_letter_persisted", dead_letter_id=letter.dead_letter_id, reason=letter.reason.code)
