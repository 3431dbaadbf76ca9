"""The rows that people see."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from ai2text.cli import dataset, dead_letters, jobs, recordings, search, status, tables
from ai2text.cli.tables import clock, moment, number, show, table_of

ID = "d9b779f6-60a9-517f-a987-f913622064dc"
OTHER_ID = "ec118b9d-c6a3-55e0-a9e9-f17a2f9660ef"


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, ""), (0, "0:00"), (0.6, "0:01"), (59.6, "1:00"), (128.2, "2:08"), (3725, "1:02:05")]
)
def test_lengths_are_minutes_and_seconds(seconds: float | None, text: str) -> None:
    assert clock(seconds) == text


def test_moments_are_local_and_to_the_second(berlin: None) -> None:
    assert moment("2026-11-21T08:48:12.968736Z") == "2026-11-21 09:48:12"
    assert moment(None) == ""


def test_one_is_not_many() -> None:
    assert (number(1, "row"), number(0, "row")) == ("1 row", "0 rows")


def test_where_nobody_sees_a_margin_lines_are_as_long_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    show(table_of(("recording", "text"), [(ID, "word " * 60), (OTHER_ID, "[red]two\nlines[/red]")]))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["recording", "text"]
    assert lines[1:] == [f"{ID}  {'word ' * 59}word", f"{OTHER_ID}  [red]two lines[/red]"]


def test_a_recording_is_shown_with_its_text_or_in_the_words_of_its_refusal() -> None:
    found: dict[str, Any] = {
        "recording_id": ID,
        "status": "transcribed",
        "duration_seconds": 65,
        "language": "en",
        "text_preview": "Hello.",
        "sources": [{"name": "a.wav"}, {"name": "b.wav"}, {"name": "a.wav"}],
    }
    assert recordings.row(found) == [ID, "transcribed", "1:05", "en", "a.wav, b.wav", "Hello."]
    assert recordings.row({**found, "text_preview": ""})[-1] == "(no words were heard)"
    refused = {
        "recording_id": ID,
        "status": "rejected",
        "duration_seconds": None,
        "reason": {"code": "not_audio", "detail": "This is no audio."},
        "sources": [{"name": "notes.wav"}],
    }
    assert recordings.row(refused) == [ID, "rejected", "", "", "notes.wav", "This is no audio."]


def test_a_job_is_shown_with_its_progress_its_time_and_its_error(berlin: None) -> None:
    job: dict[str, Any] = {
        "job_id": OTHER_ID,
        "recording_id": ID,
        "status": "running",
        "progress": 0.25,
        "error": None,
        "lane": "bulk",
        "model": "ear",
        "requested_at": "2026-11-21T08:48:12Z",
        "started_at": "2026-11-21T08:48:13Z",
        "finished_at": None,
    }
    assert jobs.row(job) == [OTHER_ID, ID, "running 25%", "bulk", "ear", "2026-11-21 09:48:12", "", ""]
    failed = {
        **job,
        "status": "failed",
        "error": {"code": "unknown_model", "detail": "There is no such model."},
        "finished_at": "2026-11-21T08:49:14Z",
    }
    assert jobs.row(failed)[2] == "failed"
    assert jobs.row(failed)[-2:] == ["1:01", "unknown_model: There is no such model."]


def test_a_dead_letter_is_shown_with_its_reason(berlin: None) -> None:
    letter = {
        "dead_letter_id": ID,
        "tenant": None,
        "reason": {"code": "not_json", "detail": "It is no JSON."},
        "subject": "recording.ingested.v1",
        "recording_id": None,
        "dead_at": "2026-11-21T08:48:12Z",
        "replayed_at": None,
    }
    assert dead_letters.row(letter) == [
        *(ID, "2026-11-21 09:48:12", "no", "recording.ingested.v1", "", ""),
        "not_json: It is no JSON.",
    ]


def test_a_dataset_is_shown_with_its_newest_version(berlin: None) -> None:
    found = {"name": "calls", "version": 3, "status": "published", "created_at": "2026-11-21T08:48:12Z"}
    assert dataset.row(found) == ["calls", "3", "published", "2026-11-21 09:48:12"]


@pytest.mark.parametrize(
    ("highlight", "plain", "marked"),
    [
        ("no mark", "no mark", []),
        ("<mark>one</mark> and <mark>two</mark>", "one and two", ["one", "two"]),
        ("a &lt;mark&gt; &amp;amp; <mark>R&amp;D</mark> isn&#x27;t", "a <mark> &amp; R&D isn't", ["R&D"]),
        ("[bold]<mark>x</mark>[/bold]", "[bold]x[/bold]", ["x"]),
    ],
)
def test_a_highlight_is_unescaped_once_and_its_marks_are_bold(highlight: str, plain: str, marked: list[str]) -> None:
    text = search.highlighted(highlight)
    assert text.plain == plain
    assert [plain[span.start : span.end] for span in text.spans if span.style] == marked


STATUS: dict[str, Any] = {
    "recordings": {"queued": 1, "transcribed": 2},
    "jobs": {"queued": 1},
    "queue": {
        "lanes": {"interactive": {"jobs": 0, "audio_seconds": 0}, "bulk": {"jobs": 3, "audio_seconds": 90.0}},
        "readers": {"metadata": 0},
        "unannounced": 0,
        "unsettled": 4,
    },
    "rates": {
        "window_seconds": 300,
        "recordings": 2,
        "audio_seconds": 65,
        "processing_seconds": 6.5,
        "real_time_factor": 0.1,
    },
    "failures": {
        "window_seconds": 86400,
        "jobs": 1,
        "rejections": 2,
        "by_code": {"not_audio": 2, "unknown_model": 1},
        "dead_letters": 5,
    },
    "models": [{"name": "ear", "device": "cpu", "compute_type": "int8", "workers": 1}],
    "services": [
        {
            "service": "asr",
            "instance": "host-1",
            "version": "0.1.0",
            "started_at": "2026-11-21T08:48:12Z",
            "seen_seconds_ago": 1.2,
            "ready": {"broker": True, "model": False},
            "facts": {},
        }
    ],
    "folders": [{"name": "inbox", "reconciled": True, "settling": 0, "working": 0, "awaiting_sidecars": 0}],
    "buckets": [{"name": "archive", "reconciled": True, "away": False, "working": 0, "awaiting_sidecars": 0}],
}


def told(found: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> list[str]:
    for table in status.tables(found):
        tables.show(table)
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_the_status_tells_each_part(capsys: pytest.CaptureFixture[str]) -> None:
    lines = told(STATUS, capsys)
    for line in (
        "bulk 3 1.5",
        "finished within 5 min",
        "2 1:05 0:06 0.100",
        "failures within 24 h",
        "jobs rejections dead letters not audio unknown model",
        "1 2 5 2 1",
        "ear cpu int8 1",
        "asr 0.1.0 1 s ago no: model host-1",
        "inbox yes 0 0 0",
        "archive yes no 0 0",
    ):
        assert line in lines


def test_the_status_is_told_to_whoever_may_see_only_a_part_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert told({"recordings": {"queued": 0}, "jobs": {"queued": 0}}, capsys) == [
        *("recordings", "queued", "0", "jobs", "queued", "0")
    ]
    for part in ("queue", "rates", "failures", "models", "services", "folders", "buckets"):
        assert told({name: value for name, value in STATUS.items() if name != part}, capsys)
    idle = {**STATUS, "rates": {**STATUS["rates"], "real_time_factor": None}}
    assert "2 1:05 0:06 none yet" in told(idle, capsys)
