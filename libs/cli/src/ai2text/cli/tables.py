"""Lists for people: compact, not wrapped, ids in full; and the same for scripts."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

UNBOUNDED = 10_000
Cell = str | Text
T = TypeVar("T")


def table_of(titles: Sequence[str], rows: Iterable[Sequence[Cell]], title: str | None = None) -> Table:
    """The last column is cut where the terminal ends; the others stand in full."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    table.min_width = len(title or "")
    for name in titles[:-1]:
        table.add_column(name, no_wrap=True)
    table.add_column(_one_line(titles[-1]))
    for row in rows:
        table.add_row(*map(_one_line, row))
    return table


def _one_line(cell: Cell) -> Text:
    text = Text(" ".join(cell.split())) if isinstance(cell, str) else cell
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def show(table: Table) -> None:
    """As wide as its content where nobody sees a margin."""
    console = Console(highlight=False)
    wanted = Measurement.get(console, console.options.update(max_width=UNBOUNDED), table)
    console.width = max(console.width, wanted.minimum) if console.is_terminal else wanted.maximum
    with console.capture() as shown:
        console.print(table)
    for line in shown.get().splitlines():
        typer.echo(line.rstrip())


def show_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def show_list(
    found: Sequence[T], titles: Sequence[str], row: Callable[[T], Sequence[Cell]], nothing: str, *, as_json: bool
) -> None:
    """For people a table, or the sentence `nothing`; for scripts always a list."""
    if as_json:
        show_json(found)
    elif found:
        show(table_of(titles, map(row, found)))
    else:
        say(nothing)


def say(sentence: str) -> None:
    """Not wrapped, and nothing in it is markup."""
    Console(highlight=False, markup=False).print(sentence, soft_wrap=True)


def pairs(fields: Mapping[str, str]) -> Table:
    """One thing, a line for each of its fields."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields.items():
        table.add_row(name, Text(value))
    return table


def clock(seconds: float | None) -> str:
    """`m:ss`, or `h:mm:ss` from an hour on."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def moment(stamp: str | None) -> str:
    """Where the reader is, to the second."""
    return f"{datetime.fromisoformat(stamp).astimezone():%Y-%m-%d %H:%M:%S}" if stamp else ""


def number(count: float, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
