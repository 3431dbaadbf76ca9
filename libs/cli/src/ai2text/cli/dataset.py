"""`ai2text dataset`: training data out of the transcripts."""

import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from urllib.parse import quote

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from ai2text.cli.check_dataset import check_format
from ai2text.cli.client import connected, json_of, list_items
from ai2text.cli.definition import read_definition
from ai2text.cli.download import Wanted, fetch, plan
from ai2text.cli.folder_content import FolderContent
from ai2text.cli.options import AsJson, Data, Limit, Url, readable_errors
from ai2text.cli.tables import moment, number, say, show, show_json, show_list, table_of
from ai2text.cli.write_transcript import make_folder
from ai2text.common.contracts.definition import Codec, Format
from ai2text.common.contracts.states import DatasetStatus
from ai2text.common.errors import Misconfigured

WAIT_SECONDS = 30
WAIT_TIMEOUTS = httpx.Timeout(connect=3, read=2 * WAIT_SECONDS, write=30, pool=30)
FILES_SHOWN = 20
"""The manifests come first; there may be one file for each recording."""
VIOLATIONS_SHOWN = 100
NOTHING = "There are no datasets yet: build one with `ai2text dataset build NAME`."
PATH = "/v1/datasets"

app = typer.Typer(
    help="Training data out of the transcripts: build datasets, check them and list them.", no_args_is_help=True
)


@app.command("list")
@readable_errors
def list_datasets(
    *, limit: Limit = 100, as_json: AsJson = False, url: Url = None, data: Data = Path(".ai2text")
) -> None:
    """List the newest version of each dataset."""
    with connected(data, url) as client:
        found = list_items(client, PATH, {}, limit)
    show_list(found, ("dataset", "version", "status", "created"), row, NOTHING, as_json=as_json)


def row(dataset: dict[str, Any]) -> list[str]:
    return [dataset["name"], str(dataset["version"]), dataset["status"], moment(dataset["created_at"])]


@app.command()
@readable_errors
def build(
    name: Annotated[str, typer.Argument(help="Of the dataset; building it again makes its next version.")],
    *,
    definition: Annotated[
        Path | None,
        typer.Option(help="A JSON, TOML or YAML file with fields of POST /v1/datasets; default: all recordings."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="A folder to copy the files into; another file there is never overwritten.")
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    data: Data = Path(".ai2text"),
) -> None:
    """Build a version of a dataset and wait until it is published."""
    wishes = read_definition(definition) if definition else {}
    if wishes.get("name", name) != name:
        raise Misconfigured(f"{definition} is the definition of {wishes['name']!r}, not of {name!r}.")
    if output:
        make_folder(output)
    with connected(data, url) as client:
        asked = json_of(client.post(PATH, json={**wishes, "name": name}))
        path = f"{PATH}/{quote(name, safe='')}/versions/{asked['version']}"
        version = _waited_for(client, path)
        published = version["status"] == DatasetStatus.PUBLISHED
        if as_json:
            show_json(version)
        elif published:
            _show(version)
        if output and published:
            _download(client, path, version["files"], output)
    if not published:
        sys.exit(f"ai2text: {name}@{version['version']} {version['status']}: {_why(version)}")


@app.command()
@readable_errors
def rebuild(
    wanted: Annotated[str, typer.Argument(metavar="NAME@VERSION", help="A published version.")],
    *,
    as_json: AsJson = False,
    url: Url = None,
    data: Data = Path(".ai2text"),
) -> None:
    """Make the files of a version once more and compare them, byte for byte; what was lost is there again."""
    if "@" not in wanted:
        raise Misconfigured(f"Which version of {wanted}? Write NAME@VERSION.")
    with connected(data, url) as client:
        path = _version_path(client, wanted)
        json_of(client.post(f"{path}/rebuild"))
        version = _waited_for(client, path)
    title = f"{version['name']}@{version['version']}"
    if as_json:
        show_json(version)
    if version["rebuild"]["status"] != DatasetStatus.PUBLISHED:
        sys.exit(f"ai2text: {title} was not rebuilt: {_why(version['rebuild'])}")
    if not as_json:
        say(f"{title} was rebuilt: {number(len(version['files']), 'file')}, the same bytes.")


@app.command()
@readable_errors
def check(
    name: Annotated[str, typer.Argument(help="Of the dataset, its newest version; or NAME@VERSION.")],
    *,
    output: Annotated[
        Path | None, typer.Option(help="A folder with its files, or for them; otherwise they are only there meanwhile.")
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    data: Data = Path(".ai2text"),
) -> None:
    """Check a version by the rules of its formats, and load it with the libraries that will."""
    if output:
        make_folder(output)
    with connected(data, url) as client, TemporaryDirectory() as meanwhile:
        path = _version_path(client, name)
        version = json_of(client.get(path))
        title = f"{version['name']}@{version['version']}"
        if version["status"] != DatasetStatus.PUBLISHED:
            sys.exit(f"ai2text: {title} is {version['status']}, so there is nothing to check.")
        folder = output or Path(meanwhile)
        _download(client, path, version["files"], folder)
        rows = version["report"]["rows"]
        audio, foreign = version["definition"]["audio"], version["definition"]["foreign"]
        names_archives = bool(foreign) and audio["codec"] == Codec.SOURCE
        content = FolderContent(folder.resolve(), audio["reference"], names_archives)
        formats = [Format(one) for one in version["definition"]["formats"]]
        found = [check_format(content, one, rows) for one in formats]
    if as_json:
        show_json([{**asdict(one), "result": one.result} for one in found])
    else:
        show(table_of(("format", "rows", "result"), [(one.format, f"{one.rows}", one.result) for one in found]))
    violations = [line for one in found for line in one.violations]
    for line in violations[:VIOLATIONS_SHOWN]:
        sys.stderr.write(f"{line}\n")
    if violations:
        total = sum(one.violation_count for one in found)
        sys.exit(f"ai2text: {title} has {number(total, 'violation')}.")


def _version_path(client: httpx.Client, wanted: str) -> str:
    """Raises Misconfigured for what is not there, or no number."""
    name, _, asked = wanted.partition("@")
    if asked and not (asked.isdecimal() and asked.isascii()):
        raise Misconfigured(f"{asked!r} is no version: write NAME@VERSION with a number from 1.")
    if not asked:
        newest = {item["name"]: item["version"] for item in list_items(client, PATH, {}, None)}
        if name not in newest:
            raise Misconfigured(f"There is no dataset {name!r}: `ai2text dataset list` shows which there are.")
        asked = newest[name]
    return f"{PATH}/{quote(name, safe='')}/versions/{asked}"


def _waited_for(client: httpx.Client, path: str) -> dict[str, Any]:
    """However long it takes."""
    while True:
        answer = client.get(path, params={"wait": WAIT_SECONDS}, timeout=WAIT_TIMEOUTS)
        version: dict[str, Any] = json_of(answer)
        rebuilding = version["rebuild"] and version["rebuild"]["status"] == DatasetStatus.BUILDING
        if version["status"] != DatasetStatus.BUILDING and not rebuilding:
            return version


def _download(client: httpx.Client, path: str, files: list[dict[str, Any]], folder: Path) -> None:
    """Raises Misconfigured when they cannot be written."""
    try:
        _fetch_all(client, path, plan(files, folder))
    except OSError as exc:
        raise Misconfigured(f"{exc.filename or folder} cannot be written: {exc.strerror}.") from exc


def _fetch_all(client: httpx.Client, path: str, missing: list[Wanted]) -> None:
    if not missing:
        return
    columns = (TextColumn("downloading"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=sum(wanted.bytes for wanted in missing))
        for wanted in missing:
            fetch(client, path, wanted, lambda count: progress.advance(task, count))


def _show(version: dict[str, Any]) -> None:
    report = version["report"]
    amount = f"{number(report['rows'], 'row')}, {report['duration_seconds'] / 3600:.2f} hours"
    say(f"{version['name']}@{version['version']} is published: {amount}.")
    for why, left_out in report["left_out"].items():
        lost = f"{number(left_out['rows'], 'row')}, {left_out['duration_seconds'] / 3600:.2f} hours"
        say(f"Left out, {why.replace('_', ' ')}: {lost}.")
    files = version["files"]
    show(table_of(("bytes", "file"), [(f"{file['bytes']}", file["path"]) for file in files[:FILES_SHOWN]]))
    if len(files) > FILES_SHOWN:
        total = sum(file["bytes"] for file in files)
        say(f"... and {len(files) - FILES_SHOWN} more, {total} bytes in all; --json lists each.")


def _why(version: dict[str, Any]) -> str:
    error = version["error"]
    return f"{error['code']}: {error['detail']}" if error else "no reason was given."
