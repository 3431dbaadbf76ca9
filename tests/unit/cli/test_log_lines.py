import io
import json
import re
from typing import Any

import pytest
from rich.console import Console

from ai2text.cli.log_lines import is_own_question, render
from ai2text.cli.voice import Voice

ENTRY = {
    "event": "job_completed",
    "level": "info",
    "timestamp": "2026-11-20T12:03:04.5Z",
    "service": "asr",
    "recording_id": "7f3a",
    "seconds": 1.2,
}


def shown(line: str) -> str:
    return render("asr", 9, "cyan", line).plain


def entry(**fields: Any) -> str:
    return json.dumps({**ENTRY, **fields})


def test_an_event_is_shown_with_prefix_time_and_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    assert shown(entry()) == "asr       | 12:03:04 job_completed recording_id=7f3a seconds=1.2"


def test_text_with_spaces_is_quoted_and_values_keep_their_type() -> None:
    line = shown(entry(detail="no audio in it", empty="", nothing=None, many=[1, 2], yes=True))
    assert line.endswith('detail="no audio in it" empty="" nothing=null many=[1,2] yes=true')


def test_a_line_that_is_no_event_is_passed_through() -> None:
    for line in ("plain [red]text[/red]", "", "[1, 2]", '{"no": "event"}', "{broken"):
        assert shown(line) == f"asr       | {line}"


def test_warnings_and_errors_have_their_colours() -> None:
    for level, style in (("warning", "yellow"), ("error", "bold red")):
        text = render("asr", 9, "cyan", entry(level=level))
        (word,) = (span for span in text.spans if text.plain[span.start : span.end] == "job_completed")
        assert word.style == style


def test_a_traceback_is_readable_with_its_cause_first() -> None:
    frames = [{"filename": "/app/a.py", "lineno": 7, "name": "decode", "line": "boom()"}]
    exception = [
        {"exc_type": "RuntimeError", "exc_value": "gave up", "frames": frames},
        {"exc_type": "ValueError", "exc_value": "two\nlines", "frames": frames},
    ]
    assert shown(entry(exception=exception)).splitlines()[1:] == [
        'asr       |   File "/app/a.py", line 7, in decode',
        "asr       | ValueError: two",
        "asr       | lines",
        'asr       |   File "/app/a.py", line 7, in decode',
        "asr       | RuntimeError: gave up",
    ]


def test_what_a_group_of_exceptions_holds_is_shown_too() -> None:
    inner = [[{"exc_type": "OSError", "exc_value": "away", "frames": []}]]
    group = [{"exc_type": "ExceptionGroup", "exc_value": "1 sub-exception", "frames": [], "exceptions": inner}]
    assert shown(entry(exception=group)).splitlines()[-1] == "asr       |   OSError: away"


def test_a_traceback_that_is_already_text_is_shown_line_by_line() -> None:
    assert shown(entry(exception="first\nsecond")).splitlines()[1:] == ["asr       | first", "asr       | second"]


def test_only_the_stacks_own_questions_are_left_out() -> None:
    assert is_own_question(entry(subject="up"))
    assert not is_own_question(entry(subject="cli"))
    assert not is_own_question(entry(subject="up", level="error"))
    assert not is_own_question("no event")


@pytest.mark.parametrize(
    ("terminal", "no_color", "coloured"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_colours_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, *, terminal: bool, no_color: bool, coloured: bool
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    output = io.StringIO()
    Voice(Console(file=output, force_terminal=terminal)).show("asr", entry())
    assert bool(re.search(r"\x1b\[[\d;]*[39][0-7]m", output.getvalue())) is coloured


def test_a_long_line_is_not_broken() -> None:
    output = io.StringIO()
    Voice(Console(file=output, width=40)).show("asr", "x" * 200)
    assert output.getvalue() == f"asr       | {'x' * 200}\n"
