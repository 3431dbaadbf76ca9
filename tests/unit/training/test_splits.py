"""Splits are a function of the speaker or the recording alone."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.training_orchestrator.splits import joins_two, named_speaker, split_of, split_of_recording
from tests.fixtures.transcribed import transcribed

SPLITS = {"train": 0.8, "dev": 0.1, "test": 0.1}


def test_the_fractions_are_kept_within_the_chance_of_ten_thousand_draws() -> None:
    found = Counter(split_of(f"recording/{number}", SPLITS) for number in range(10_000))
    assert found["train"] == pytest.approx(8000, abs=160)
    assert found["dev"] == pytest.approx(1000, abs=120)


def test_places_that_were_given_once_are_given_for_ever() -> None:
    found = [split_of(f"speaker/{name}", SPLITS) for name in ("Ada", "Ivan", "Gus", "Zoë")]
    assert found == ["train", "dev", "test", "train"]


@given(st.text(max_size=40), st.permutations(sorted(SPLITS)))
def test_the_order_in_which_splits_are_written_down_changes_nothing(key: str, order: list[str]) -> None:
    assert split_of(key, {name: SPLITS[name] for name in order}) == split_of(key, SPLITS)


@given(st.text(max_size=40))
def test_fractions_that_do_not_quite_make_one_leave_nobody_without_a_split(key: str) -> None:
    assert split_of(key, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}) in {"a", "b", "c"}


@pytest.mark.parametrize("label", [None, "", "  ", "channel 1", "Channel 12", "SPEAKER_00", "spk-3", "A", "b", "2"])
def test_a_label_that_only_tells_voices_apart_is_no_name(label: str | None) -> None:
    assert named_speaker(label) is None


@pytest.mark.parametrize("label", ["Ada", "Ann  Lee ", "Speaker Pelosi", "channel manager", "Ai"])
def test_a_name_is_one_however_it_is_spaced(label: str) -> None:
    assert named_speaker(label) == " ".join(label.split())


def test_recordings_of_one_speaker_are_in_one_split_and_nameless_ones_stand_alone() -> None:
    named = {split_of_recording(transcribed(f"r{n}", [(0, 1, "x", "Gus")]), SPLITS) for n in range(50)}
    nameless = {split_of_recording(transcribed(f"r{n}", [(0, 1, "x", "channel 1")]), SPLITS) for n in range(50)}
    assert named == {"test"}
    assert nameless == set(SPLITS)


def test_who_says_most_decides_and_whoever_belongs_elsewhere_joins_two() -> None:
    recording = transcribed("a", [(0, 1, "x", "Gus"), (1, 9, "y", "Ada"), (9, 9.5, "z", "Dora")])
    assert split_of_recording(recording, SPLITS) == "train"
    assert joins_two({"Gus"}, "train", SPLITS)
    assert not joins_two({"Ada", "Dora"}, "train", SPLITS)
    assert not joins_two((), "train", SPLITS)
