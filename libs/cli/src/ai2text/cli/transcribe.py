"""`ai2text transcribe`: files in, transcripts out, through the gateway as everybody else."""

import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ai2text.cli.client import AnsweredWithError, checked, connected, get_json
from ai2text.cli.options import Data, readable_errors
from ai2text.common.contracts.states import JOB_ENDS, JobStatus

AT_ONCE = 4
BLOCK_BYTES = 1 << 20
WAIT_SECONDS = 20
UPLOAD_TIMEOUTS = httpx.Timeout(connect=3, read=300, write=60, pool=60)
"""A long recording is decoded once before the upload is answered."""


class Form(StrEnum):
    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    TSV = "tsv"
    JSON = "json"


@readable_errors
def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Recordings, of any length.")],
    form: Annotated[Form, typer.Option("--format", help="Of the transcripts.")] = Form.TXT,
    output: Annotated[
        Path | None, typer.Option(help="A folder to write them into, each under the recording's name.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Another gateway; its token is taken from the variable AI2TEXT_TOKEN.")
    ] = None,
    data: Data = Path(".ai2text"),
) -> None:
    """Upload recordings, wait for their transcripts, and print or write them."""
    if output:
        output.mkdir(parents=True, exist_ok=True)
    with connected(data, url) as client:
        results = _transcribe_all(client, files, form)
    for path in files:
        if path in results.texts:
            _deliver(path, results.texts[path], form, output, headed=len(files) > 1)
    if results.errors:
        sys.exit(1)


class _Results:
    def __init__(self) -> None:
        self.texts: dict[Path, str] = {}
        self.errors: dict[Path, str] = {}


def _transcribe_all(client: httpx.Client, files: list[Path], form: Form) -> _Results:
    """A file that fails is reported at once and does not stop the others."""
    results, console = _Results(), Console(stderr=True)
    columns = (TextColumn("transcribing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(AT_ONCE) as pool:
        task = progress.add_task("", total=len(files))
        running = {pool.submit(_transcribe, client, path, form): path for path in files}
        try:
            for done in as_completed(running):
                _note(done, running[done], results, console)
                progress.advance(task)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)  # what was handed in goes on without us
            raise
    return results


def _note(done: Future[str], path: Path, results: _Results, console: Console) -> None:
    try:
        results.texts[path] = done.result()
    except (AnsweredWithError, httpx.TransportError) as exc:
        results.errors[path] = str(exc)
    except OSError as exc:
        results.errors[path] = f"cannot be read: {exc.strerror}"
    if path in results.errors:
        console.print(f"✗ {path}: {results.errors[path]}", style="red", markup=False, highlight=False, soft_wrap=True)


def _transcribe(client: httpx.Client, path: Path, form: Form) -> str:
    """Blocking, however long the recording takes."""
    answer = client.post(
        "/v1/recordings",
        params={"name": path.name, "lane": "interactive"},
        content=_blocks(path),
        timeout=UPLOAD_TIMEOUTS,
    )
    received = checked(answer).json()
    while (job := get_json(client, f"/v1/jobs/{received['job_id']}?wait={WAIT_SECONDS}"))["status"] not in JOB_ENDS:
        pass
    if job["status"] != JobStatus.COMPLETED:
        raise AnsweredWithError(job["error"]["detail"] if job["error"] else f"the job was {job['status']}")
    return checked(client.get(f"/v1/recordings/{received['recording_id']}/transcript?format={form}")).text


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            yield block


def _deliver(path: Path, text: str, form: Form, output: Path | None, *, headed: bool) -> None:
    if output:
        (output / f"{path.stem}.{form}").write_text(text)
        return
    if headed:
        typer.echo(f"==> {path} <==")
    typer.echo(text.rstrip("\n"))
