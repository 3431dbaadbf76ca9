"""The `ai2text` command; one module per sub-command."""

import typer

from ai2text.cli import dataset, dead_letters, jobs
from ai2text.cli.issue_token import token
from ai2text.cli.recordings import recordings
from ai2text.cli.search import search
from ai2text.cli.status import status
from ai2text.cli.transcribe import transcribe
from ai2text.cli.up import up

app = typer.Typer(
    help="Turn heaps of audio into transcripts and datasets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (up, transcribe, status, recordings, search, token):
    app.command()(command)
app.add_typer(jobs.app, name="jobs")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(dataset.app, name="dataset")
