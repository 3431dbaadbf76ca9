"""The services' JSON log lines, for people: a prefix per service, the time, the event, its fields."""

import json
from datetime import datetime
from typing import Any

from rich.text import Text

COLOURS = ("cyan", "green", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta", "bright_blue")
LEVEL_STYLES = {"warning": "yellow", "error": "bold red", "critical": "bold red", "debug": "dim"}
NOT_SHOWN = {"event", "level", "timestamp", "service", "exception", "trace_id", "request_id"}
"""Shown otherwise, or only of use to whoever searches the log files."""
OWN_SUBJECT = "up"
"""Of the tokens with which `up` itself asks the gateway, several times a second."""


def render(name: str, width: int, colour: str, line: str) -> Text:
    """One line of a child's output; what is no JSON object is passed through."""
    shown = Text(f"{name:<{width}} | ", style=colour)
    entry = _entry(line)
    if entry is None:
        return shown.append(line, style="default")
    style = LEVEL_STYLES.get(str(entry.get("level")), "default")
    shown.append(_clock(entry.get("timestamp")), style="dim")
    shown.append(str(entry["event"]), style=style)
    for key, value in entry.items():
        if key not in NOT_SHOWN:
            shown.append(f" {key}=", style="dim").append(_value(value), style="default")
    for trace_line in _traceback(entry.get("exception")):
        shown.append(f"\n{name:<{width}} | ", style=colour).append(trace_line, style="red")
    return shown


def is_own_question(line: str) -> bool:
    """Whether it tells of nothing but `up` asking the gateway."""
    entry = _entry(line)
    return entry is not None and entry.get("subject") == OWN_SUBJECT and entry.get("level") == "info"


def _entry(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and "event" in entry else None


def _clock(timestamp: Any) -> str:
    """The time of day where the reader is."""
    try:
        return datetime.fromisoformat(str(timestamp)).astimezone().strftime("%H:%M:%S ")
    except ValueError:
        return ""


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value if value and " " not in value else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _traceback(exception: Any) -> list[str]:
    """As Python prints it, the cause first; `exception` is structlog's list of dictionaries, outermost first."""
    if not exception:
        return []
    if not isinstance(exception, list):
        return str(exception).splitlines()
    lines = []
    for one in reversed(exception):
        lines += [f'  File "{f["filename"]}", line {f["lineno"]}, in {f["name"]}' for f in one.get("frames", [])]
        lines.append(f"{one.get('exc_type')}: {one.get('exc_value')}")
        for group in one.get("exceptions", []):
            lines += [f"  {line}" for line in _traceback(group)]
    return [part for line in lines for part in line.splitlines()]
