"""What the size of a snapshot says: how much there is, and whether anything of it has changed."""

from typing import Any

import pytest

from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.snapshot import snapshot, snapshot_size
from tests.integration.metadata.catalogue import asked, ingest, rows, transcribe

ONE, TWO = asked("one"), asked("two")


async def fill(database: Database) -> None:
    for job in (ONE, TWO, asked("theirs", tenant="other")):
        await ingest(database, job)
        await transcribe(database, job, f"Words of {job.recording_id}.")
    await ingest(database, asked("not transcribed"))


async def test_it_is_that_of_what_the_tenants_snapshot_gives(database: Database) -> None:
    await fill(database)
    given = [one async for one in snapshot(database, "default")]
    size = await snapshot_size(database, "default")
    assert (size.recordings, size.duration_seconds) == (2, sum(one.duration_seconds for one in given))
    assert await snapshot_size(database, "default") == size
    nothing = await snapshot_size(database, "nobody")
    assert (nothing.recordings, nothing.duration_seconds, nothing.state) == (0, 0, "0")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE recordings SET review = 'excluded' WHERE recording_id = %(one)s",
        "UPDATE recordings SET tags = ARRAY['x'] WHERE recording_id = %(one)s",
        "UPDATE recordings SET current_revision = NULL WHERE recording_id = %(one)s",
        "UPDATE recordings SET listed_at = now() WHERE recording_id = %(one)s",
        "DELETE FROM sources WHERE recording_id = %(one)s",
    ],
)
async def test_its_state_changes_with_whatever_a_dataset_may_be_selected_by(database: Database, change: Any) -> None:
    await fill(database)
    before = await snapshot_size(database, "default")
    await rows(database, f"{change} RETURNING 1", {"one": ONE.recording_id})
    assert (await snapshot_size(database, "default")).state != before.state


async def test_its_state_stays_while_something_waits_or_is_somebody_elses(database: Database) -> None:
    await fill(database)
    before = await snapshot_size(database, "default")
    await ingest(database, asked("waiting"))
    theirs = asked("also theirs", tenant="other")
    await ingest(database, theirs)
    await transcribe(database, theirs, "Words.")
    assert await snapshot_size(database, "default") == before
