import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.definition import Audio, Codec, Definition, Segmentation
from ai2text.training_orchestrator.audio_spans import AudioForm, Span, form_of, in_one_decode, span_of
from ai2text.training_orchestrator.rows import rows_of
from tests.fixtures.transcribed import transcribed


def spans(*times: tuple[int, int]) -> list[Span]:
    return [Span(first=first, beyond=beyond) for first, beyond in times]


@pytest.mark.parametrize("times", [(0, 0), (5, 5), (5, 4), (-1, 4)])
def test_a_span_has_a_sample(times: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no sample"):
        spans(times)


def test_spans_that_follow_each_other_need_one_decode_however_many_they_are() -> None:
    assert in_one_decode(spans(*[(n, n + 1) for n in range(1000)]), at_once=1) == 1000


def test_a_long_span_lets_only_so_many_wait_behind_it() -> None:
    assert in_one_decode(spans((0, 100), (10, 11), (20, 21), (30, 31)), at_once=3) == 3
    assert in_one_decode(spans((0, 20), (10, 11), (20, 21), (30, 31)), at_once=3) == 4


@given(
    times=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), min_size=1, max_size=40), most=st.integers(1, 5)
)
def test_no_decode_holds_more_files_than_allowed_and_each_makes_headway(
    times: list[tuple[int, int]], most: int
) -> None:
    found = sorted(spans(*[(first, first + length) for first, length in times]))
    number = in_one_decode(found, at_once=most)
    assert 1 <= number <= len(found)
    for at, one in enumerate(found[:number]):
        waiting = next(n for n, earlier in enumerate(found) if earlier.beyond > one.first)
        assert at - waiting < most


def rows(audio: Audio, segmentation: Segmentation = Segmentation.SEGMENTS) -> list[tuple[Span, AudioForm]]:
    said = [(0.5, 1.251, "One."), (1.251, 2.0, "Two.")]
    recording = transcribed("a", said, sample_rate_hz=44_100, channels=2, duration_seconds=2.00001)
    definition = Definition(name="x", segmentation=segmentation, audio=audio)
    return [(span_of(row), form_of(row)) for row in rows_of(recording, definition)]


def test_rows_that_follow_each_other_share_no_sample_and_leave_none_out() -> None:
    (first, form), (second, _) = rows(Audio(codec=Codec.FLAC))
    assert (first, second) == tuple(spans((22_050, 55_169), (55_169, 88_200)))
    assert form == AudioForm(codec=Codec.FLAC, sample_rate_hz=44_100, channels=2)


def test_a_row_of_a_whole_recording_goes_to_its_last_sample() -> None:
    ((whole, form),) = rows(Audio(codec=Codec.OPUS, mono=True), Segmentation.RECORDINGS)
    assert whole == Span(first=0, beyond=96_000)
    assert form == AudioForm(codec=Codec.OPUS, sample_rate_hz=48_000, channels=1)
    ((whole, _),) = rows(Audio(codec=Codec.WAV, sample_rate_hz=16_000), Segmentation.RECORDINGS)
    assert whole == Span(first=0, beyond=32_000)
