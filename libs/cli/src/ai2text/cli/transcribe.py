"""`ai2text transcribe`: files in, transcripts out, through the gateway as everybody else."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ai2text.cli.client import arguments, connected, get_json
from ai2text.cli.options import INTERRUPTED, AsJson, Data, Url, readable_errors
from ai2text.cli.output_names import distinct, output_names
from ai2text.cli.patience import Patience
from ai2text.cli.tables import show_json
from ai2text.cli.transcribe_files import TranscribeFiles, Transcription, shown
from ai2text.cli.write_transcript import make_folder, write_transcript
from ai2text.common.errors import Misconfigured

OUTPUT_HELP = (
    "A folder to write them into: talk.txt for talk.mp3, or talk.mp3.txt where talk.wav is sent too; where two folders "
    "hold the same name, the transcripts keep the folders. A file that stands there with other content is left as it "
    "is, and counts as a failure."
)


class Form(StrEnum):
    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    TSV = "tsv"
    JSON = "json"


@readable_errors
def transcribe(
    files: Annotated[list[Path], typer.Argument(help="Recordings, of any length.")],
    *,
    form: Annotated[Form, typer.Option("--format", help="Of the transcripts.")] = Form.TXT,
    output: Annotated[Path | None, typer.Option(help=OUTPUT_HELP)] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that stand in --output.")] = False,
    as_json: AsJson = False,
    url: Url = None,
    data: Data = Path(".ai2text"),
) -> None:
    """Upload recordings, wait for their transcripts, and print or write them."""
    transcriptions = [Transcription(file=file) for file in distinct(files)]
    told = _Told(len(transcriptions), _targets(transcriptions, form, output), force=force)
    with connected(data, url) as client:
        get_json(client, "/v1/recordings", {"limit": 1})  # a wrong address or token is said once, not for each file
    try:
        with told.progress:
            asyncio.run(_transcribe(arguments(data, url), form, transcriptions, told))
    except KeyboardInterrupt:
        sys.stderr.write(f"ai2text: {_stopped(transcriptions)}\n")
        sys.exit(INTERRUPTED)
    told.sum_up(transcriptions)
    _print(transcriptions, as_json=as_json)
    if any(each.error for each in transcriptions):
        sys.exit(1)


def _targets(transcriptions: Sequence[Transcription], form: Form, output: Path | None) -> dict[Path, Path]:
    if output is None:
        return {}
    make_folder(output)
    names = output_names([each.file for each in transcriptions], form)
    return {file: output / name for file, name in names.items()}


async def _transcribe(
    client_arguments: dict[str, Any], form: Form, transcriptions: Sequence[Transcription], told: "_Told"
) -> None:
    async with httpx.AsyncClient(**client_arguments) as client:
        await TranscribeFiles(client, form, told.ended, told.sent, Patience()).transcribe_files(transcriptions)


class _Told:
    """What people see on stderr while it goes on; what is done is written at once."""

    def __init__(self, total: int, targets: Mapping[Path, Path], *, force: bool) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._console = Console(stderr=True, highlight=False, markup=False)
        self.progress = Progress(*columns, console=self._console)
        self._task = self.progress.add_task("transcribing", total=total)
        self._sending: dict[Path, TaskID] = {}
        self._targets = targets
        self._force = force

    def ended(self, transcription: Transcription) -> None:
        if transcription.text is not None and transcription.file in self._targets:
            self._write(transcription, transcription.text)
        if transcription.error:
            line = f"✗ {shown(transcription.file)}: {transcription.error}"
            self._console.print(line, style="red", soft_wrap=True)
        self.progress.advance(self._task)

    def sent(self, file: Path, size_bytes: int) -> None:
        """Of a large file, so many bytes since the last call."""
        if file not in self._sending:
            description = f"sending {shown(Path(file.name))}, megabytes"
            self._sending[file] = self.progress.add_task(description, total=file.stat().st_size >> 20)
        self.progress.advance(self._sending[file], size_bytes >> 20)

    def _write(self, transcription: Transcription, text: str) -> None:
        target = self._targets[transcription.file]
        try:
            write_transcript(target, text, force=self._force)
        except Misconfigured as exc:
            transcription.error = str(exc)
        else:
            transcription.output = target

    def sum_up(self, transcriptions: Sequence[Transcription]) -> None:
        failed = sum(each.error is not None for each in transcriptions)
        if len(transcriptions) > 1:
            all_files = len(transcriptions)
            self._console.print(f"transcribed {all_files - failed} of {all_files}, {failed} failed", soft_wrap=True)


def _stopped(transcriptions: Sequence[Transcription]) -> str:
    done = sum(each.text is not None for each in transcriptions)
    under_way = sum(each.job_id is not None and each.text is None and not each.error for each in transcriptions)
    return f"Stopped: {done} of {len(transcriptions)} are done; {under_way} more were accepted and go on on the server."


def _print(transcriptions: Sequence[Transcription], *, as_json: bool) -> None:
    if as_json:
        show_json([_object(each) for each in transcriptions])
        return
    for each in transcriptions:
        if each.text is None or each.output or each.error:
            continue
        if len(transcriptions) > 1:
            typer.echo(f"==> {shown(each.file)} <==")
        typer.echo(each.text.rstrip("\n"))


def _object(transcription: Transcription) -> dict[str, Any]:
    found = {
        "file": shown(transcription.file),
        "recording_id": transcription.recording_id,
        "job_id": transcription.job_id,
        "status": transcription.status,
        "error": transcription.error,
    }
    if transcription.output:
        return {**found, "output": str(transcription.output)}
    return {**found, "text": transcription.text}
