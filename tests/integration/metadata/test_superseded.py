"""A recording whose only source holds other bytes now says by which one it is superseded."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from ai2text.common.contracts.recordings import RecordingIngested
from ai2text.metadata import catalog
from ai2text.metadata.postgres.pool import Database
from tests.fixtures.examples import EVENTS, NOW
from tests.integration.metadata.catalogue import asked, persisted

INGESTED = EVENTS["recording.ingested.v1"]


def found(name: str, at: int, *, replaces: str | None = None, place: str = "a.wav") -> RecordingIngested:
    """The recording of this name, found at a minute in a file."""
    assert isinstance(INGESTED, RecordingIngested)
    job = asked(name)
    source = replace(INGESTED.source, name=place, source_id=asked(place).recording_id)
    former = asked(replaces).recording_id if replaces else None
    when = NOW + timedelta(minutes=at)
    return replace(
        INGESTED,
        recording_id=job.recording_id,
        first_job=job,
        source=source,
        replaces_recording_id=former,
        ingested_at=when,
    )


async def superseded(database: Database) -> dict[str, str | None]:
    """Names of recordings, and of those that took their place."""
    names = {asked(name).recording_id: name for name in ("old", "new")}
    async with database.reading("default") as connection:
        shown = [await catalog.find_recording(connection, "default", each) for each in names]
    assert all(shown)
    return {names[each["recording_id"]]: names.get(each.get("superseded_by", "")) for each in shown if each}


ORDERS = list(itertools.permutations(range(3)))


@pytest.mark.parametrize("order", ORDERS)
async def test_other_bytes_under_the_same_name_supersede_and_the_first_bytes_again_are_current(
    database: Database, order: tuple[int, ...]
) -> None:
    told = [found("old", 0), found("new", 1, replaces="old"), found("old", 2, replaces="new")]
    await persisted(database, *told[:2])
    assert await superseded(database) == {"old": "new", "new": None}
    for number in order:
        await persisted(database, told[number])
    assert await superseded(database) == {"old": None, "new": "old"}


async def test_a_recording_that_lies_elsewhere_too_is_not_superseded(database: Database) -> None:
    await persisted(database, found("old", 0), found("old", 0, place="copy.wav"), found("new", 1, replaces="old"))
    assert await superseded(database) == {"old": None, "new": None}


async def test_a_new_source_makes_a_superseded_recording_current_again(database: Database) -> None:
    await persisted(database, found("old", 0), found("new", 1, replaces="old"))
    await persisted(database, found("old", 2, place="restored.wav"))
    assert await superseded(database) == {"old": None, "new": None}


async def test_a_source_that_was_only_moved_or_removed_changes_nothing(database: Database) -> None:
    await persisted(database, found("old", 0), found("new", 1))
    assert await superseded(database) == {"old": None, "new": None}
