"""What `ai2text up` says on the terminal."""

import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ai2text.cli.log_lines import COLOURS, is_own_question, render
from ai2text.cli.results import Result

CHILDREN = ("nats", "postgres", "s3", "metadata", "ingestion", "asr", "gateway")
WIDTH = max(map(len, CHILDREN))


class Terminal(Console):
    """Colours only for a terminal, and not where NO_COLOR is set; one that goes away stops nothing."""

    def on_broken_pipe(self) -> None:
        """Instead of ending the process on the spot, as rich does: the children are still to be stopped in order."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Voice:
    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Terminal()

    def show(self, name: str, line: str) -> None:
        """A child's line, or a sentence about the child."""
        if is_own_question(line):
            return
        colour = COLOURS[CHILDREN.index(name) % len(COLOURS)] if name in CHILDREN else "default"
        self._print(render(name, WIDTH, colour, line))

    def say(self, sentence: str, style: str = "bold") -> None:
        self._print(Text(sentence, style=style))

    def ready(self, url: str, inbox: str, model: str, data: str) -> None:
        for title, value in {
            "AI2Text is ready at": url,
            "Drop recordings into": inbox,
            "They are transcribed by": model,
            "A token for the API": f"ai2text token --data {data}",
            "To stop": "Ctrl-C",
        }.items():
            self._print(Text.assemble((f"{title:<23} ", "bold"), value))

    def result(self, result: Result) -> None:
        for line in result.lines():
            self.say(line, "green" if result.good else "red" if result.failed else "yellow")

    def table(self, results: Sequence[Result]) -> None:
        table = Table(title=f"{len(results)} results", title_justify="left")
        table.add_column("recording", overflow="fold")
        table.add_column("result", overflow="fold")
        for name, text in sorted((name, result.text) for result in results for name in result.names):
            table.add_row(Text(name), Text(text))
        self._console.print(table)

    def _print(self, text: Text) -> None:
        self._console.print(text, soft_wrap=True)
