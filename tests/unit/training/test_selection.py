"""A row is kept, or counted under the first rule that it breaks."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ai2text.common.contracts.datasets import RecordingSource
from ai2text.common.contracts.definition import Choice, Definition, Limits, Segmentation, Selection
from ai2text.common.contracts.states import ReviewStatus
from ai2text.training_orchestrator.rows import rows_of
from ai2text.training_orchestrator.selection import left_out_by
from ai2text.training_orchestrator.tally import Tally
from tests.fixtures.examples import NOW
from tests.fixtures.transcribed import transcribed

RECORDING = transcribed(
    "a",
    [(0.0, 2.0, "Good morning.", "Ada")],
    tags=("news", "radio"),
    duration_seconds=2.5,
    loudness_lufs=-23.5,
    peak_dbfs=-0.5,
)
PHONE = RecordingSource(kind="bucket", place="calls", name="2026/phone 1.wav")


def rule(selection: Selection, **changes: Any) -> str | None:
    recording = replace(RECORDING, **changes)
    (row,) = rows_of(recording, Definition(name="x", segmentation=Segmentation.SEGMENTS))
    return left_out_by(row, recording, selection)


@pytest.mark.parametrize(
    ("selection", "broken"),
    [
        (Selection(), None),
        (Selection(languages=Choice(any=("de", "en"))), None),
        (Selection(languages=Choice(any=("de",))), "language"),
        (Selection(languages=Choice(none=("en",))), "language"),
        (Selection(tags=Choice(any=("news", "sports"), none=("private",))), None),
        (Selection(tags=Choice(any=("news",), none=("radio",))), "tag"),
        (Selection(models=Choice(any=("large-v3",))), "model"),
        (Selection(speakers=Choice(any=("Ada",))), None),
        (Selection(speakers=Choice(none=("Ada",))), "speaker"),
        (Selection(sources=Choice(any=("inbox/*",))), None),
        (Selection(sources=Choice(any=("inbox/*",), none=("*/a.wav",))), "source"),
        (Selection(review=(ReviewStatus.VERIFIED,)), "review"),
        (Selection(ingested_from=NOW, ingested_before=NOW + timedelta(seconds=1)), None),
        (Selection(ingested_before=NOW), "ingested"),
        (Selection(duration_seconds=Limits(min=2.0, max=2.0)), None),
        (Selection(duration_seconds=Limits(max=1.999)), "duration"),
        (Selection(confidence=Limits(min=0.9)), None),
        (Selection(confidence=Limits(min=0.91)), "confidence"),
        (Selection(compression_ratio=Limits(max=0.9)), "compression_ratio"),
        (Selection(coverage=Limits(min=1.0)), None),
        (Selection(words_per_second=Limits(min=0.0, max=0.9)), "words_per_second"),
        (Selection(loudness_lufs=Limits(min=-23.5, max=-23.5), peak_dbfs=Limits(max=-0.5)), None),
        (Selection(loudness_lufs=Limits(min=-23.0)), "loudness"),
        (Selection(peak_dbfs=Limits(max=-1.0)), "peak"),
        (Selection(languages=Choice(any=("de",)), models=Choice(any=("x",))), "language"),
    ],
)
def test_each_rule_leaves_out_what_breaks_it_and_nothing_else(selection: Selection, broken: str | None) -> None:
    assert rule(selection) == broken


def test_one_of_several_sources_is_enough_to_be_chosen_or_refused() -> None:
    both = (*RECORDING.sources, PHONE)
    assert rule(Selection(sources=Choice(any=("calls/*",))), sources=both) is None
    assert rule(Selection(sources=Choice(none=("calls/*",))), sources=both) == "source"
    assert rule(Selection(sources=Choice(any=("*",))), sources=()) == "source"


def test_what_was_excluded_in_review_is_never_a_row() -> None:
    assert rule(Selection(), review=ReviewStatus.EXCLUDED) == "excluded_in_review"


def test_a_text_that_a_person_wrote_is_not_judged_by_measures_of_a_machine() -> None:
    written = tuple(replace(one, avg_logprob=None, compression_ratio=None) for one in RECORDING.segments)
    strict = Selection(confidence=Limits(min=0.99), compression_ratio=Limits(max=0.1))
    assert rule(strict) == "confidence"
    assert rule(strict, segments=written) is None


def test_audio_that_nobody_has_measured_is_within_any_limits() -> None:
    strict = Selection(loudness_lufs=Limits(min=0), peak_dbfs=Limits(max=-90))
    assert rule(strict, peak_dbfs=None) == "loudness"
    assert rule(strict, loudness_lufs=None, peak_dbfs=None) is None


@pytest.mark.lesson("L17")
def test_l17_a_limit_of_zero_is_a_limit() -> None:
    assert rule(Selection(words_per_second=Limits(max=0.0))) == "words_per_second"


@pytest.mark.lesson("L20")
def test_l20_nothing_at_all_is_counted_too_and_many_small_numbers_add_up_exactly() -> None:
    tally = Tally()
    assert tally.amounts() == {}
    for _ in range(1000):
        tally.count("no_text", 1, 100_001)
    tally.count("duration", 0, 0)
    (amount,) = tally.amounts().values()
    assert (amount.rows, amount.duration_seconds) == (1000, 100.001)
