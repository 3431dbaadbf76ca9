"""`ai2text search`: where something was said."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from ai2text.cli.client import connected, get_json
from ai2text.cli.options import AsJson, Data, Url, readable_errors
from ai2text.cli.recordings import names_of
from ai2text.cli.tables import clock, say, show_json

MARKED = re.compile(r"<mark>(.*?)</mark>", re.DOTALL)


@readable_errors
def search(
    query: Annotated[str, typer.Argument(help='Words that were said, "a phrase", beginn*, or, -without.')],
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    as_json: AsJson = False,
    url: Url = None,
    data: Data = Path(".ai2text"),
) -> None:
    """Find where words were said, in all transcripts."""
    with connected(data, url) as client:
        found = get_json(client, "/v1/search", {"q": query, "limit": limit})
        hits = found["items"]
        ids = [] if as_json else dict.fromkeys(hit["recording_id"] for hit in hits)
        names = {one: names_of(get_json(client, f"/v1/recordings/{one}")) for one in ids}
    if as_json:
        show_json(hits)
    elif not hits:
        say(f"Nobody says {query!r} in any transcript: try fewer words.")
    else:
        _show(hits, names)
        if found["more"]:
            say("There are more than were compared: these are of the newest recordings.")


def _show(hits: list[dict[str, Any]], names: dict[str, str]) -> None:
    """The recording once, then its hits."""
    console = Console(highlight=False)
    for recording_id, name in names.items():
        console.print(Text.assemble((name, "bold cyan"), (f"  {recording_id}", "dim")), soft_wrap=True)
        for hit in hits:
            if hit["recording_id"] == recording_id:
                when = f"  {clock(hit['start'])}-{clock(hit['end'])}  "
                console.print(Text.assemble((when, "dim"), highlighted(hit["highlight"])), soft_wrap=True)


def highlighted(markup: str) -> Text:
    """The marked words in bold; `markup` is HTML in which nothing but <mark> is a tag."""
    return Text.assemble(*_parts(markup))


def _parts(markup: str) -> Iterator[tuple[str, str]]:
    for index, part in enumerate(MARKED.split(markup)):
        yield html.unescape(part), "bold yellow" if index % 2 else ""
