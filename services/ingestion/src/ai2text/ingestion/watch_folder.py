"""File events of one folder, which are hints only: late, doubled, or lost without a word when there are many."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import structlog
from watchfiles import awatch
from watchfiles._rust_notify import WatchfilesRustInternalError

from ai2text.common.clock import stopped_within
from ai2text.common.sources import Folder, Watch
from ai2text.ingestion.file_system import MOUNTS, has_events, identity_of

log = structlog.get_logger()

LOOK_SECONDS = 1.0


def polled(folder: Folder) -> bool:
    """Whether its changes are found by comparing only."""
    if folder.watch is not Watch.AUTO:
        return folder.watch is Watch.POLLING
    return MOUNTS.is_file() and not has_events(folder.path.resolve(), MOUNTS.read_text())


class EventsLost:
    """Stands for whatever was not told: the folder has to be compared."""


async def changes(root: Path, stop: asyncio.Event) -> AsyncIterator[set[Path] | EventsLost]:
    """Changed paths, as long as there is something to watch: a folder that went and came back is watched anew."""
    while not stop.is_set():
        ended = asyncio.Event()
        guarding = asyncio.create_task(_end_with_the_folder(root, stop, ended))
        try:
            if await asyncio.to_thread(identity_of, root):
                async for changed in _events(root, ended):
                    yield changed
        finally:
            ended.set()
            await guarding
        yield EventsLost()
        await stopped_within(stop, LOOK_SECONDS)


async def _events(root: Path, ended: asyncio.Event) -> AsyncIterator[set[Path]]:
    """Ends early at a name that is no UTF-8, which watchfiles cannot tell, and where the kernel grants no watch."""
    try:
        async for batch in awatch(root, watch_filter=None, stop_event=ended, step=200):
            yield {Path(changed) for _, changed in batch}
    except* (WatchfilesRustInternalError, OSError) as faults:
        log.info("events_lost", folder=str(root), error=str(faults.exceptions[0]))


async def _end_with_the_folder(root: Path, stop: asyncio.Event, ended: asyncio.Event) -> None:
    first = await asyncio.to_thread(identity_of, root)
    while not (stop.is_set() or ended.is_set()):
        await stopped_within(stop, LOOK_SECONDS)
        if await asyncio.to_thread(identity_of, root) != first:
            break
    ended.set()
