"""`ai2text recordings`: what the catalogue holds."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ai2text.cli.client import connected, list_items
from ai2text.cli.options import AsJson, Data, Limit, Url, readable_errors
from ai2text.cli.tables import clock, show_list
from ai2text.common.contracts.states import RecordingStatus

TITLES = ("recording", "status", "length", "language", "name", "text, or why not")
NOTHING = "There are no recordings yet: drop some into the inbox, or send them with `ai2text transcribe FILE`."
NO_MATCH = "No recording matches: leave out --status, --tag or --language to see more."


@readable_errors
def recordings(
    *,
    status: Annotated[RecordingStatus | None, typer.Option(help="Only those in this state.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only those with this tag.")] = None,
    language: Annotated[str | None, typer.Option(help="Only those in this language, such as en.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    url: Url = None,
    data: Data = Path(".ai2text"),
) -> None:
    """List recordings, the newest first."""
    filters = {"status": status, "tag": tag, "language": language}
    with connected(data, url) as client:
        found = list_items(client, "/v1/recordings", filters, limit)
    show_list(found, TITLES, row, NO_MATCH if any(filters.values()) else NOTHING, as_json=as_json)


def row(recording: dict[str, Any]) -> list[str]:
    return [
        recording["recording_id"],
        recording["status"],
        clock(recording.get("duration_seconds")),
        recording.get("language") or "",
        names_of(recording),
        _text(recording),
    ]


def names_of(recording: dict[str, Any]) -> str:
    """The same bytes may have come under several names."""
    return ", ".join(dict.fromkeys(source["name"] for source in recording["sources"]))


def _text(recording: dict[str, Any]) -> str:
    if reason := recording.get("reason"):
        return str(reason["detail"])
    if recording["status"] == RecordingStatus.TRANSCRIBED:
        return recording.get("text_preview") or "(no words were heard)"
    return ""
