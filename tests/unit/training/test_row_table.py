"""What only all rows together can say."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.datasets import RecordingSource, TranscribedRecording
from ai2text.common.contracts.definition import Choice, Definition, Segmentation, Selection
from ai2text.common.contracts.states import ReviewStatus
from ai2text.common.errors import Refused
from ai2text.training_orchestrator.choose_rows import ChosenRows
from ai2text.training_orchestrator.compare_rows import compare_rows
from ai2text.training_orchestrator.dataset import Amount, Report
from ai2text.training_orchestrator.row_table import RANK, RowTable
from ai2text.training_orchestrator.tally import Tally
from tests.fixtures.examples import NOW
from tests.fixtures.transcribed import transcribed

SPLITS = {"train": 0.8, "dev": 0.1, "test": 0.1}


@pytest.fixture
def table() -> Iterator[RowTable]:
    with closing(RowTable()) as opened:
        yield opened


def compared(table: RowTable, *recordings: TranscribedRecording, **definition: Any) -> Report:
    wanted = Definition(name="x", **{"allow_empty_splits": True, **definition})
    tally = Tally()
    rows = ChosenRows(wanted, tally)
    for recording in recordings:
        table.add(recording, rows.of(recording))
    return compare_rows(wanted, table, tally)


def ids(table: RowTable, split: str = "train") -> list[str]:
    return [row.recording_id for row in table.rows(split)]


def test_rows_come_back_as_they_were_in_the_order_of_their_ids(table: RowTable) -> None:
    recordings = [transcribed(f"r{n}", [(0, 1, "One."), (1, 2, "Two.")]) for n in range(9)]
    report = compared(table, *recordings, segmentation=Segmentation.SEGMENTS)
    found = list(table.rows("train"))
    assert [row.id for row in found] == sorted(row.id for row in found)
    assert {row.audio_sha256 for row in found} == {one.sha256 for one in recordings}
    assert (report.rows, report.duration_seconds) == (18, 18.0)
    assert len(list(table.references())) == 9
    assert {table.source_of(row.recording_id).file.key for row in found} == {one.audio_key for one in recordings}


def test_of_rows_that_say_the_same_those_stay_that_people_have_checked(table: RowTable) -> None:
    recordings = [
        transcribed("a", [(0, 1, "Good  morning.")]),
        transcribed("b", [(0, 2, "good morning.")], review=ReviewStatus.VERIFIED),
        transcribed("c", [(0, 3, "Good morning.")], review=ReviewStatus.CORRECTED),
        transcribed("d", [(0, 4, "Good evening.")]),
    ]
    report = compared(table, *recordings, selection=Selection(rows_per_text=2))
    assert ids(table) == sorted(one.recording_id for one in recordings[1:])
    assert report.left_out == {"repeated_text": Amount(rows=1, duration_seconds=1.0)}
    assert len(list(table.references())) == 3, "what has no rows is not referred to"


def test_of_recordings_with_the_same_sound_one_is_left_the_best_checked_and_the_first(table: RowTable) -> None:
    later = NOW + timedelta(seconds=1)
    recordings = [
        transcribed("a", [(0, 1, "One."), (1, 2, "Two.")], sound_sha256="1" * 64),
        transcribed("b", sound_sha256="1" * 64, review=ReviewStatus.VERIFIED, ingested_at=later),
        transcribed("c", sound_sha256="2" * 64, ingested_at=later),
        transcribed("d", sound_sha256="2" * 64),
        transcribed("e", sound_sha256="2" * 64, ingested_at=None),
        transcribed("f", sound_sha256="3" * 64, review=ReviewStatus.EXCLUDED),
        transcribed("g", sound_sha256="3" * 64),
        transcribed("h"),
        transcribed("i"),
    ]
    report = compared(table, *recordings, segmentation=Segmentation.SEGMENTS)
    kept = [one.recording_id for one in recordings if one.segments[0].id[0] in "bdghi"]
    assert sorted(set(ids(table))) == sorted(kept)
    assert report.left_out["repeated_audio"] == Amount(rows=4, duration_seconds=6.0)


def test_a_copy_whose_rows_break_a_rule_displaces_nobody(table: RowTable) -> None:
    kept = transcribed("a", sound_sha256="1" * 64)
    verified = transcribed("b", sound_sha256="1" * 64, review=ReviewStatus.VERIFIED, tags=("private",))
    compared(table, kept, verified, selection=Selection(tags=Choice(none=("private",))))
    assert ids(table) == [kept.recording_id]


@given(st.lists(st.tuples(st.sampled_from("123"), st.sampled_from(sorted(RANK)), st.integers(0, 3)), max_size=12))
def test_no_sound_is_in_a_version_twice_and_none_is_lost(drawn: list[tuple[str, ReviewStatus, int]]) -> None:
    recordings = {
        one.recording_id: one
        for one in (
            transcribed(f"r{n}", sound_sha256=sound * 64, review=review, ingested_at=NOW + timedelta(seconds=at))
            for n, (sound, review, at) in enumerate(drawn)
        )
    }
    with closing(RowTable()) as table:
        compared(table, *recordings.values(), splits=SPLITS)
        found = [recordings[one] for split in SPLITS for one in ids(table, split)]
    sounds = [one.sound_sha256 for one in found]
    assert len(sounds) == len(set(sounds))
    assert set(sounds) == {one.sound_sha256 for one in recordings.values()}
    for one in found:
        same = [other for other in recordings.values() if other.sound_sha256 == one.sound_sha256]
        assert RANK[one.review] == min(RANK[other.review] for other in same)


def test_neither_the_sound_of_a_golden_recording_nor_what_it_says_is_anywhere_else(table: RowTable) -> None:
    long, short = "one two three four five six seven eight", "one two three four five six seven"
    golden = transcribed("golden", [(0, 1, long), (1, 2, short)], sound_sha256="1" * 64)
    again = transcribed("golden too", [(0, 1, "Golden.")], sound_sha256="1" * 64)
    copy = transcribed("copy", sound_sha256="1" * 64, review=ReviewStatus.VERIFIED)
    other = transcribed("other", [(0, 1, long.upper()), (1, 2, short), (2, 3, f"{long} nine")])
    both = (golden.recording_id, again.recording_id)
    report = compared(table, golden, again, copy, other, golden=both, segmentation=Segmentation.SEGMENTS)
    assert {row.text for row in table.rows("train")} == {short, f"{long} nine"}
    assert {row.recording_id for row in table.rows("golden")} == {golden.recording_id, again.recording_id}
    assert {rule: amount.rows for rule, amount in report.left_out.items()} == {"repeated_audio": 1, "said_in_golden": 1}


def test_a_speaker_has_no_more_than_so_many_hours_and_the_nameless_have_all_of_theirs(table: RowTable) -> None:
    recordings = [
        *(transcribed(f"ada {n}", [(0, 36, f"Ada {n}.", "Ada")]) for n in range(5)),
        *(transcribed(f"nobody {n}", [(0, 36, f"Nobody {n}.", "channel 1")]) for n in range(5)),
    ]
    report = compared(table, *recordings, selection=Selection(hours_per_speaker=0.03))
    assert (report.rows, report.left_out) == (8, {"hours_of_speaker": Amount(rows=2, duration_seconds=72.0)})


def test_a_source_has_no_more_than_so_many_hours(table: RowTable) -> None:
    calls = (RecordingSource(kind="bucket", place="calls", name="x"),)
    recordings = [
        *(transcribed(f"call {n}", [(0, 36, f"Call {n}.")], sources=calls) for n in range(5)),
        transcribed("other", [(0, 36, "Other.")]),
        transcribed("verified", [(0, 36, "Verified.")], sources=calls, review=ReviewStatus.VERIFIED),
    ]
    report = compared(table, *recordings, selection=Selection(hours_per_source=0.02))
    assert report.left_out == {"hours_of_source": Amount(rows=4, duration_seconds=144.0)}
    assert {recordings[5].recording_id, recordings[6].recording_id} <= set(ids(table))


def test_splits_share_no_speaker_and_no_recording_and_what_would_join_two_is_counted(table: RowTable) -> None:
    said = [(0, 2, "a", "Ada"), (2, 3, "b", "Gus"), (3, 4, "c", None), (4, 6, "d", "Ada")]
    recordings = [transcribed(f"r{n}", said[n % 3 :]) for n in range(30)]
    report = compared(table, *recordings, segmentation=Segmentation.SEGMENTS, splits=SPLITS)
    by_split = [{(row.speaker, row.recording_id) for row in table.rows(split)} for split in SPLITS]
    for position in (0, 1):
        names = [{found[position] for found in split} - {None} for split in by_split]
        assert not names[0] & names[1]
        assert not names[0] & names[2]
        assert not names[1] & names[2]
    assert report.left_out["joins_two_splits"].rows == 20
    assert sum(amount.rows for amount in report.splits.values()) == report.rows


def test_no_row_moves_when_others_are_added(table: RowTable) -> None:
    recordings = [transcribed(f"r{n}") for n in range(60)]
    compared(table, *recordings[:20], splits=SPLITS)
    before = {row.id: row.split for split in SPLITS for row in table.rows(split)}
    with closing(RowTable()) as grown:
        compared(grown, *recordings, splits=SPLITS)
        after = {row.id: row.split for split in SPLITS for row in grown.rows(split)}
    assert set(before.values()) > {"train"}
    assert after | before == after


def test_the_golden_recordings_are_a_split_of_their_own(table: RowTable) -> None:
    recordings = [transcribed(f"r{n}", [(0, 1, "x", "Gus" if n == 3 else "Ada")]) for n in range(6)]
    report = compared(table, *recordings, golden=(recordings[3].recording_id,))
    assert {name: amount.rows for name, amount in report.splits.items()} == {"golden": 1, "train": 5}
    assert [row.recording_id for row in table.rows("golden")] == [recordings[3].recording_id]


@pytest.mark.parametrize("segmentation", Segmentation)
def test_a_golden_speaker_elsewhere_fails_the_version(table: RowTable, segmentation: Segmentation) -> None:
    recordings = [transcribed("a", [(0, 1, "x", "Ada"), (1, 2, "y", "Ben")]), transcribed("b", [(0, 1, "z", "Ben")])]
    with pytest.raises(Refused, match="Ben would speak in the golden split and in another one") as caught:
        compared(table, *recordings, golden=(recordings[0].recording_id,), segmentation=segmentation)
    assert caught.value.code == "golden_leak"


def test_a_golden_recording_without_rows_fails_the_version(table: RowTable) -> None:
    lost = transcribed("lost", [])
    with pytest.raises(Refused, match="1 of the 1 golden recordings") as caught:
        compared(table, transcribed("a"), lost, golden=(lost.recording_id,))
    assert (caught.value.code, lost.recording_id in caught.value.detail) == ("golden_missing", True)


def test_a_split_without_rows_fails_the_version_with_what_was_left_out(table: RowTable) -> None:
    recordings = [transcribed("a", [(0, 1, "x", "Ada")]), transcribed("b", [])]
    with pytest.raises(Refused, match="dev and test would be empty") as caught:
        compared(table, *recordings, splits=SPLITS, allow_empty_splits=False)
    assert "no_text 1" in caught.value.detail
