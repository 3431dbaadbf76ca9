"""`ai2text dead-letters`: messages that could not be processed, why, and once more."""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer

from ai2text.cli.client import AnsweredWithError, connected, get_json, json_of, list_items
from ai2text.cli.options import AsJson, Data, Limit, Url, readable_errors
from ai2text.cli.tables import moment, pairs, show, show_json, show_list

TITLES = ("dead letter", "dead since", "replayed", "subject", "tenant", "recording", "reason")
NOTHING = "There are no dead letters: every message was processed."
PATH = "/v1/dead-letters"

app = typer.Typer(help="Messages that could not be processed: list, show and replay them.", no_args_is_help=True)


@app.command("list")
@readable_errors
def list_letters(
    *, limit: Limit = 100, as_json: AsJson = False, url: Url = None, data: Data = Path(".ai2text")
) -> None:
    """List dead letters of all tenants, the newest first."""
    with connected(data, url) as client:
        found = list_items(client, PATH, {}, limit)
    show_list(found, TITLES, row, NOTHING, as_json=as_json)


def row(letter: dict[str, Any]) -> list[str]:
    return [
        letter["dead_letter_id"],
        moment(letter["dead_at"]),
        moment(letter["replayed_at"]) or "no",
        letter["subject"],
        letter["tenant"] or "",
        letter["recording_id"] or "",
        f"{letter['reason']['code']}: {letter['reason']['detail']}",
    ]


@app.command("show")
@readable_errors
def show_letter(
    dead_letter_id: str, *, as_json: AsJson = False, url: Url = None, data: Data = Path(".ai2text")
) -> None:
    """Show one dead letter with what it held and where it broke."""
    with connected(data, url) as client:
        letter = get_json(client, _path(dead_letter_id))
    if as_json:
        show_json(letter)
        return
    show(pairs({name.replace("_", " "): text for name, value in letter.items() if (text := _text(name, value))}))


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name.endswith("_at"):
        return moment(value)
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


@app.command()
@readable_errors
def replay(
    dead_letter_ids: Annotated[list[str] | None, typer.Argument(help="As `list` shows them.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that were not replayed yet.")] = False,
    as_json: AsJson = False,
    url: Url = None,
    data: Data = Path(".ai2text"),
) -> None:
    """Process dead letters once more: a transcription becomes a new job."""
    if bool(dead_letter_ids) == every:
        raise typer.BadParameter("name the dead letters to replay, or say --all.")
    with connected(data, url) as client:
        wanted = _not_replayed(client) if every else dead_letter_ids or []
        answers = [_replayed(client, one) for one in wanted]
    show_list(answers, ("dead letter", "job", "status"), _outcome, "There is nothing to replay.", as_json=as_json)
    if any("error" in answer for answer in answers):
        raise typer.Exit(1)


def _not_replayed(client: httpx.Client) -> list[str]:
    """The oldest first, as they came."""
    letters = list_items(client, PATH, {}, limit=None)
    return [letter["dead_letter_id"] for letter in reversed(letters) if letter["replayed_at"] is None]


def _replayed(client: httpx.Client, dead_letter_id: str) -> dict[str, Any]:
    """One that is refused does not stop the others."""
    try:
        answer: dict[str, Any] = json_of(client.post(f"{_path(dead_letter_id)}/replay"))
    except AnsweredWithError as exc:
        return {"dead_letter_id": dead_letter_id, "error": str(exc)}
    return answer


def _outcome(answer: dict[str, Any]) -> list[str]:
    return [answer["dead_letter_id"], answer.get("job_id") or "", answer.get("error") or answer["status"]]


def _path(dead_letter_id: str) -> str:
    return f"{PATH}/{quote(dead_letter_id, safe='')}"
