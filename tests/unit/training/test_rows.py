"""Rows are made of recordings, or of segments that follow one another."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.definition import Audio, Codec, Definition, Segmentation
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.training_orchestrator.rows import Row, rows_of
from tests.fixtures.transcribed import Said, transcribed

WHOLE = Definition(name="x")
SEGMENTS = Definition(name="x", segmentation=Segmentation.SEGMENTS)
MERGED = Definition(name="x", segmentation=Segmentation.SEGMENTS, target_seconds=10, longest_pause_seconds=0.5)


def spans(rows: list[Row]) -> list[tuple[float, float, str]]:
    return [(row.start, row.duration, row.text) for row in rows]


def test_a_whole_recording_is_a_row_of_all_that_decoding_it_gave() -> None:
    recording = transcribed("a", duration_seconds=3.0761250000000002)
    (row,) = rows_of(recording, WHOLE)
    assert (row.id, row.start, row.duration, row.whole) == (recording.recording_id, 0.0, 3.0761250000000002, True)
    assert row.audio == f"audio/{recording.sha256}.wav"
    assert row.coverage == pytest.approx(2.0 / 3.076125)
    assert row.confidence == pytest.approx(0.9048, abs=1e-4)
    assert row.words_per_second == pytest.approx(2 / 3.076125)


def test_each_segment_is_a_row_of_its_own_unless_a_target_is_named() -> None:
    recording = transcribed("a", [(0.1234, 1.0, " One. "), (1.0, 2.5, "Two.")], duration_seconds=2.4)
    assert spans(list(rows_of(recording, SEGMENTS))) == [(0.123, 0.877, "One."), (1.0, 1.4, "Two.")]
    assert [row.segments for row in rows_of(recording, SEGMENTS)] == [("a/0",), ("a/1",)]


def test_segments_are_merged_up_to_the_target_and_not_across_a_pause_or_a_speaker() -> None:
    said: list[Said] = [
        (0.0, 4.0, "One"),
        (4.2, 8.0, "two"),
        (8.0, 12.0, "three"),
        (12.0, 13.0, "four"),
        (14.0, 15.0, "five"),
        (15.0, 16.0, "six", "Ada"),
        (16.0, 40.0, "seven", "Ada"),
    ]
    found = spans(list(rows_of(transcribed("a", said), MERGED)))
    assert found == [
        (0.0, 8.0, "One two"),
        (8.0, 5.0, "three four"),
        (14.0, 1.0, "five"),
        (15.0, 1.0, "six"),
        (16.0, 24.0, "seven"),
    ]


def test_texts_of_a_language_without_spaces_are_joined_without_them_and_measured_in_signs() -> None:
    recording = transcribed("a", [(0, 1, "早上"), (1, 2, "好")], language="zh")
    (row,) = rows_of(recording, MERGED)
    assert (row.text, row.words_per_second) == ("早上好", 1.5)


def test_rows_in_which_somebody_else_speaks_too_are_known() -> None:
    said: list[Said] = [
        (0, 4, "a", "channel 1"),
        (3, 5, "b", "channel 2"),
        (5, 6, "c", "channel 1"),
        (6, 7, "d"),
        (6, 7, "e"),
    ]
    assert [row.overlapped for row in rows_of(transcribed("a", said), SEGMENTS)][:3] == [True, True, False]
    assert sum(row.overlapped for row in rows_of(transcribed("a", said), SEGMENTS)) >= 3


def test_what_a_person_wrote_has_no_measures() -> None:
    recording = transcribed("a")
    written = tuple(replace(one, avg_logprob=None, compression_ratio=None) for one in recording.segments)
    (row,) = rows_of(replace(recording, segments=written), SEGMENTS)
    assert (row.confidence, row.compression_ratio) == (None, None)


@pytest.mark.lesson("L20")
def test_l20_a_recording_in_which_nothing_was_heard_is_one_row_without_text() -> None:
    for definition in (WHOLE, SEGMENTS):
        (row,) = rows_of(transcribed("a", [], duration_seconds=0.0), definition)
        assert (row.text, row.duration, row.coverage, row.words_per_second) == ("", 0.0, None, None)


moments = st.lists(st.tuples(st.integers(0, 60_000), st.integers(0, 8_000), st.sampled_from([None, "Ada", "Ben"])))


@given(moments)
def test_every_segment_is_in_exactly_one_row_and_no_merged_row_is_too_long(
    drawn: list[tuple[int, int, str | None]],
) -> None:
    said: list[Said] = [(at / 1000, (at + length) / 1000, f"w{n}", who) for n, (at, length, who) in enumerate(drawn)]
    recording = transcribed("a", said)
    rows = list(rows_of(recording, MERGED))
    if said:
        assert sorted(one for row in rows for one in row.segments) == sorted(one.id for one in recording.segments)
    for row in rows:
        assert 0 <= row.start <= row.start + row.duration <= recording.duration_seconds + 1e-9
        assert len(row.segments) <= 1 or row.duration <= 10
        assert row.coverage is None or 0 <= row.coverage <= 1 + 1e-6
    alone = [row for row in rows if not row.overlapped]
    assert all(one.start + one.duration <= other.start + 0.021 for one, other in pairwise(alone))
    assert len({row.id for row in alone}) == len(alone)


def test_a_row_that_is_cut_out_has_a_file_of_its_own_that_begins_with_it() -> None:
    cut = replace(SEGMENTS, audio=Audio(codec=Codec.FLAC))
    recording = transcribed("a", [(0.005, 1.0, "One."), (1.0, 2.3, "Two.")], sample_rate_hz=44_100, channels=2)
    first, second = rows_of(recording, cut)
    assert first.audio == f"audio/{recording.recording_id}/000000005-000001000.flac"
    assert (first.start, first.offset, first.file_id, first.is_whole_file) == (0.005, 0.0, first.id, True)
    assert (first.file_samples, second.file_samples) == (44_100 - 221, 57_330)
    assert (first.sample_rate_hz, first.channels, first.extension) == (44_100, 2, "flac")


def test_a_converted_recording_is_named_by_itself_and_as_long_as_before() -> None:
    recording = transcribed("a", duration_seconds=3.0761250000000002, channels=2)
    (row,) = rows_of(recording, replace(WHOLE, audio=Audio(codec=Codec.OPUS, mono=True)))
    assert row.audio == f"audio/{recording.recording_id}.opus"
    assert (row.sample_rate_hz, row.channels, row.file_samples) == (48_000, 1, 147_654)


@given(st.lists(st.integers(0, 100_000), min_size=2, unique=True), st.integers(4_000, 192_000))
def test_stretches_that_follow_one_another_have_all_samples_once(times_ms: list[int], rate_hz: int) -> None:
    borders = sorted(times_ms)
    said: list[Said] = [(start / 1000, end / 1000, "a") for start, end in pairwise(borders)]
    cut = replace(SEGMENTS, audio=Audio(codec=Codec.WAV))
    rows = list(rows_of(transcribed("a", said, sample_rate_hz=rate_hz), cut))
    whole = (borders[-1] * rate_hz * 2 + 1000) // 2000 - (borders[0] * rate_hz * 2 + 1000) // 2000
    assert sum(row.file_samples for row in rows) == whole


def test_a_row_says_which_options_its_transcript_was_made_with_beyond_the_usual_ones() -> None:
    options = TranscriptionOptions(language="de", temperature=(0.0,), vad_threshold=0.5)
    (row,) = rows_of(transcribed("a", options=options), WHOLE)
    assert row.options == {"language": "de", "temperature": [0.0]}
