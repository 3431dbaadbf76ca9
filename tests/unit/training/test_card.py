"""What a data card says is what the rows say, and nothing else: no time, no host, no version."""

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai2text.common.contracts.definition import Definition, Limits, Segmentation, Selection
from ai2text.common.contracts.states import ReviewStatus
from ai2text.training_orchestrator import card
from ai2text.training_orchestrator.card_facts import facts_of
from ai2text.training_orchestrator.dataset import Amount, Report
from ai2text.training_orchestrator.rows import Row, rows_of
from tests.fixtures.transcribed import transcribed

SEGMENTS = Definition(
    name="speech",
    segmentation=Segmentation.SEGMENTS,
    description="Calls of *one* week.",
    licence="CC-BY-4.0",
    splits={"train": 0.5, "test": 0.5},
)
REPORT = Report(
    rows=5,
    duration_seconds=50.5,
    splits={"train": Amount(rows=4, duration_seconds=50.0), "test": Amount(rows=1, duration_seconds=0.5)},
    left_out={"joins_two_splits": Amount(rows=2, duration_seconds=7200.0)},
)
CALL = transcribed("call", [(0, 20, "Hello.", "Ada"), (20, 50, "Bye.", "Bob | <b>")], language="de")
SHORT = transcribed("short", [(0, 0.5, "So.")], review=ReviewStatus.VERIFIED, model="large")


def rows() -> list[Row]:
    found = [replace(row, split="train") for row in rows_of(CALL, SEGMENTS)]
    return [*found, *(replace(row, split="test", confidence=None) for row in rows_of(SHORT, SEGMENTS))]


def made(definition: Definition = SEGMENTS, report: Report = REPORT) -> dict[str, bytes]:
    return {path: b"".join(blocks) for path, blocks in card.files(definition, report, iter(rows()))}


def told(definition: Definition = SEGMENTS, report: Report = REPORT) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made(definition, report)["card.json"])
    return found


def test_it_counts_what_is_there() -> None:
    found = told()
    assert (found["rows"], found["duration_seconds"], found["recordings"]) == (3, 50.5, 2)
    assert found["splits"] == {
        "test": {"rows": 1, "duration_seconds": 0.5, "recordings": 1, "speakers": 0},
        "train": {"rows": 2, "duration_seconds": 50.0, "recordings": 1, "speakers": 2},
    }
    assert found["speakers"] == {
        "count": 2,
        "all_counted": True,
        "most": {"Bob | <b>": {"rows": 1, "duration_seconds": 30.0}, "Ada": {"rows": 1, "duration_seconds": 20.0}},
        "others": {"rows": 0, "duration_seconds": 0.0},
        "nameless": {"rows": 1, "duration_seconds": 0.5},
    }
    assert list(found["languages"]["most"]) == ["de", "en"]
    assert {name: one["rows"] for name, one in found["review"].items()} == {"unreviewed": 2, "verified": 1}
    assert {one["low"]: one["amount"]["rows"] for one in found["lengths"] if one["amount"]["rows"]} == {
        0: 1,
        20: 1,
        30: 1,
    }
    assert {one["low"]: one["amount"]["rows"] for one in found["confidence"] if one["amount"]["rows"]} == {0.9: 2}
    assert found["confidence_unknown"]["rows"] == 1
    assert found["definition"]["segmentation"] == "segments"


def test_what_somebody_should_know_before_is_said() -> None:
    problems = "\n".join(told(replace(SEGMENTS, licence=None))["known_problems"])
    for sentence in (
        "No licence is stated",
        "99 % of the time the text is a machine's",
        "1 row has no confidence",
        "from 2 models",
        "1 row has no speaker with a name (1 % of the time)",
        "Bob | <b> speaks 59 % of the time",
        "2 rows (2.00 hours) would have joined two splits",
        "1 row has 30 seconds or more",
        "1 row has less than 1 second",
        "The split test has less than a minute",
    ):
        assert sentence in problems
    assert "No licence" not in "".join(told()["known_problems"])


def test_readers_find_all_of_it_and_names_are_no_markup() -> None:
    found = made()
    text = found["README.md"].decode()
    assert text.startswith("# speech\n\nCalls of *one* week.\n")
    assert "| Bob \\| \\<b\\> | 1 | 0.01 |" in text
    assert "| joins\\_two\\_splits | 2 | 2.00 |" in text
    assert "| licence | CC-BY-4.0 |" in text
    assert all(f"]({path})" in text for path in found if path.endswith(".svg"))


def test_pictures_can_be_drawn_and_show_what_is_there() -> None:
    found = made()
    drawn = {path: ET.fromstring(content) for path, content in found.items() if path.endswith(".svg")}  # noqa: S314 - ours
    assert set(drawn) == set(card.PICTURES)
    words = [one.text for one in drawn["card/speakers.svg"].iter("{http://www.w3.org/2000/svg}text")]
    assert words == ["Hours of speakers", "Bob | <b>", "0.01 h", "Ada", "0.01 h", "without a name", "0.00 h"]


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_a_speaker_is_called_the_pictures_are_xml_and_tables_have_their_columns(name: str, other: str) -> None:
    speaking = [replace(rows()[0], speaker=one) for one in (name, other)]
    found = {path: b"".join(blocks) for path, blocks in card.files(SEGMENTS, REPORT, speaking)}
    ET.fromstring(found["card/speakers.svg"])  # noqa: S314 - ours
    lines = found["README.md"].decode().partition("## Speakers")[2].partition("## Models")[0].strip().split("\n")
    assert {line.replace("\\|", "").count("|") for line in lines} == {4}


@pytest.mark.lesson("L17")
def test_l17_a_limit_of_0_is_told() -> None:
    text = made(replace(SEGMENTS, selection=Selection(confidence=Limits(min=0.0))))["README.md"].decode()
    asked = json.loads(text.partition("```json\n")[2].partition("```")[0])
    assert asked["selection"] == {"review": ["unreviewed", "corrected", "verified"], "confidence": {"min": 0.0}}


@pytest.mark.lesson("L20")
def test_l20_a_version_without_rows_has_a_card() -> None:
    empty = Report(rows=0, duration_seconds=0.0, splits={"train": Amount()})
    found = {path: b"".join(blocks) for path, blocks in card.files(SEGMENTS, empty, ())}
    assert json.loads(found["card.json"])["rows"] == 0
    assert set(found) == {"card.json", "README.md", *card.PICTURES}


def test_the_same_rows_are_the_same_bytes() -> None:
    assert made() == made()


def test_of_more_speakers_than_are_kept_apart_the_rest_is_counted_together() -> None:
    speaking = [replace(rows()[0], speaker=f"s{number % 5}") for number in range(10)]
    facts = facts_of(speaking, ["train"], names_kept=3)
    assert (facts.speakers.count, facts.speakers.all_counted) == (3, False)
    assert facts.speakers.others == Amount(rows=4, duration_seconds=80.0)
    assert facts.splits["train"].speakers == 3
