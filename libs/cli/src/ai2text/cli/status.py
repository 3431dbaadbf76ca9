"""`ai2text status`: what the running stack is doing."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ai2text.cli.client import connected, get_json
from ai2text.cli.options import Data, readable_errors


@readable_errors
def status(
    as_json: Annotated[bool, typer.Option("--json", help="The answer of GET /v1/status as it is.")] = False,  # noqa: FBT002 - a flag
    data: Data = Path(".ai2text"),
) -> None:
    """Show what the running stack is doing."""
    with connected(data) as client:
        found = get_json(client, "/v1/status")
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    console = Console()
    for table in _tables(found):
        console.print(table)


def _tables(found: dict[str, Any]) -> list[Table]:
    counts = [_counts(part, found[part]) for part in ("recordings", "jobs") if part in found]
    queue = [_counts("queue", {"unsettled": found["queue"]["unsettled"]})] if "queue" in found else []
    folders = [_counts(f"folder {folder['name']}", _without_name(folder)) for folder in found.get("folders", [])]
    return [*counts, *queue, *folders]


def _without_name(folder: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in folder.items() if key != "name"}


def _counts(title: str, counts: dict[str, Any]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in counts:
        table.add_column(name.replace("_", " "), justify="right")
    table.add_row(*(("yes" if value else "no") if isinstance(value, bool) else str(value) for value in counts.values()))
    return table
