"""Rows are divided among workers at the borders of recordings."""

from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from ai2text.training_orchestrator.plan import SHARD_ROWS, Written, shards_of

sizes = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 500)), max_size=30)


def written(drawn: list[tuple[int, int]], begun: Written) -> list[Written]:
    """Of recordings with so many rows, of a hundred bytes each, and so much audio."""
    ends = accumulate((rows for rows, _ in drawn), initial=0)
    return [
        Written(rows_end=begun.rows_end + 100 * end, sources_end=begun.sources_end + 7 * n, rows=rows, weight=weight)
        for n, (end, (rows, weight)) in enumerate(zip(list(ends)[1:], drawn, strict=True), start=1)
    ]


@given(sizes, st.integers(1, 1000))
def test_shards_follow_one_another_and_have_every_recording_once(drawn: list[tuple[int, int]], most: int) -> None:
    begun = Written(rows_end=1000, sources_end=70, rows=0, weight=0)
    recordings = written(drawn, begun)
    shards = list(shards_of("train", begun, recordings, most))
    assert [(shard.split, shard.number, shard.of) for shard in shards] == [
        ("train", number, len(shards)) for number in range(len(shards))
    ]
    places = [(begun.rows_end, begun.sources_end), *((one.rows_end, one.sources_end) for one in recordings)]
    borders = [(shard.rows.offset, shard.sources.offset) for shard in shards]
    borders += [
        (shard.rows.offset + shard.rows.bytes, shard.sources.offset + shard.sources.bytes) for shard in shards[-1:]
    ]
    assert borders == [place for place in places if place in set(borders)]
    assert (borders[:1], borders[-1:]) == ((places[:1], places[-1:]) if drawn else ([], []))
    for first, after in pairwise(borders):
        own = drawn[places.index(first) : places.index(after)]
        assert len(own) == 1 or (sum(weight for _, weight in own) <= most and sum(n for n, _ in own) <= SHARD_ROWS)
