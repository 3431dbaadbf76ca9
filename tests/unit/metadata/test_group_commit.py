"""Reports that arrive together are committed together, and fail each for itself."""

import asyncio
from collections.abc import Sequence

import pytest

from ai2text.common.errors import Unavailable
from ai2text.metadata.group_commit import GroupCommit


class Table:
    """Takes batches; `open` lets them pass."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.failure: Exception | None = None

    async def write(self, batch: Sequence[int]) -> None:
        await self.open.wait()
        if self.failure:
            raise self.failure
        if 13 in batch:
            raise ValueError("13")
        self.batches.append(list(batch))


async def begun(group: GroupCommit[int], *items: int) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(group.write(item)) for item in items]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_one_alone_is_written_at_once() -> None:
    table = Table()
    table.open.set()
    await GroupCommit(table.write, most=10).write(1)
    assert table.batches == [[1]]


async def test_who_comes_meanwhile_goes_with_the_next_batch_up_to_its_size() -> None:
    table = Table()
    group = GroupCommit(table.write, most=3)
    tasks = [*await begun(group, 1), *await begun(group, 2, 3, 4, 5, 6)]
    table.open.set()
    await asyncio.gather(*tasks)
    assert table.batches == [[1], [2, 3, 4], [5, 6]]


async def test_one_that_cannot_be_written_fails_alone() -> None:
    table = Table()
    group = GroupCommit(table.write, most=10)
    tasks = [*await begun(group, 0), *await begun(group, 1, 13, 2)]
    table.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), type(None), ValueError, type(None)]
    assert table.batches == [[0], [1], [2]]


async def test_a_database_that_is_away_is_told_to_all_without_trying_each() -> None:
    table = Table()
    group = GroupCommit(table.write, most=10)
    tasks = [*await begun(group, 1), *await begun(group, 2, 3)]
    table.failure = Unavailable("away")
    table.open.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {str(result) for result in results} == {"away"}
    assert table.batches == []


async def test_when_whoever_commits_is_cancelled_the_others_are_committed_all_the_same() -> None:
    table = Table()
    group = GroupCommit(table.write, most=10)
    first = await begun(group, 1)
    others = await begun(group, 2, 3)
    first[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await first[0]
    table.open.set()
    await asyncio.gather(*others)
    assert sorted(item for batch in table.batches for item in batch) == [1, 2, 3]
