"""A message that was given up gets another chance, once: a request as a new job, anything else as it was."""

from dataclasses import dataclass
from uuid import uuid5

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts import identity
from ai2text.common.contracts.transcription import TranscriptionRequested
from ai2text.metadata.generations import in_generation, newest_generation
from ai2text.metadata.persist_reports import save_request
from ai2text.metadata.postgres import dead_letters, jobs, outbox, recordings
from ai2text.metadata.postgres.pool import Connection, Database

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    dead_letter_id: str
    job_id: str | None
    """The new job, if the message was a request."""
    now: bool
    """False when it had been replayed before."""


async def replay_dead_letter(database: Database, dead_letter_id: str, clock: Clock) -> Replay | None:
    """None without such a letter. One transaction; what is to be published goes through the outbox."""
    async with database.transaction() as connection:
        letter = await dead_letters.take_dead_letter(connection, dead_letter_id)
        if letter is None:
            return None
        if letter["replayed_as"] is not None:
            job_id = await jobs.known_job(connection, letter["replayed_as"])
            return Replay(dead_letter_id=dead_letter_id, job_id=job_id, now=False)
        event = dead_letters.event_in(letter["subject"], letter["payload"])
        if isinstance(event, TranscriptionRequested) and letter["has_ids"]:
            job_id = replayed_as = await _request_again(connection, event, clock)
        else:
            job_id, replayed_as = None, str(uuid5(identity.NAMESPACE, f"replay/{dead_letter_id}"))
            await outbox.put_encoded(connection, letter["subject"], letter["payload"], replayed_as)
        await dead_letters.mark_replayed(connection, dead_letter_id, replayed_as, clock())
    log.info("dead_letter_replayed", dead_letter_id=dead_letter_id, replayed_as=replayed_as)
    return Replay(dead_letter_id=dead_letter_id, job_id=job_id, now=True)


async def _request_again(connection: Connection, dead: TranscriptionRequested, clock: Clock) -> str:
    """A new job: the dead one has its failed outcome, which stands."""
    await recordings.hold(connection, dead.recording_id)
    known = await jobs.job_generations(connection, dead.tenant, dead.recording_id)
    newest = max(dead.generation, newest_generation(dead, known) or 0)
    job = in_generation(dead, newest + 1, dead.job_id, clock())
    await save_request(connection, job, clock)
    return job.job_id
