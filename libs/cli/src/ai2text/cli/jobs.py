"""`ai2text jobs`: what is, was and will be transcribed; called off, or done once more."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ai2text.cli.client import connected, json_of, list_items
from ai2text.cli.options import AsJson, Data, Limit, Url, readable_errors
from ai2text.cli.tables import clock, moment, show, show_json, show_list, table_of
from ai2text.common.contracts.states import JobStatus, Lane

TITLES = ("job", "recording", "status", "lane", "model", "requested", "took", "error")
NOTHING = "There are no jobs yet: each recording brings one, see `ai2text transcribe --help`."

app = typer.Typer()


@app.callback(invoke_without_command=True)
@readable_errors
def jobs(
    context: typer.Context,
    *,
    status: Annotated[JobStatus | None, typer.Option(help="Only those in this state.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    url: Url = None,
    data: Data = Path(".ai2text"),
) -> None:
    """List transcription jobs, the newest first."""
    if context.invoked_subcommand:
        return
    with connected(data, url) as client:
        found = list_items(client, "/v1/jobs", {"status": status}, limit)
    nothing = f"No job is {status}: leave out --status to see the others." if status else NOTHING
    show_list(found, TITLES, row, nothing, as_json=as_json)


@app.command()
@readable_errors
def cancel(job_id: str, *, as_json: AsJson = False, url: Url = None, data: Data = Path(".ai2text")) -> None:
    """Call a job off. One that has ended otherwise stays as it is."""
    with connected(data, url) as client:
        job = json_of(client.delete(f"/v1/jobs/{quote(job_id, safe='')}"))
    _show_one(job, as_json=as_json)


@app.command()
@readable_errors
def rerun(
    recording_id: str,
    *,
    model: Annotated[str | None, typer.Option(help="Another model than that of uploads.")] = None,
    language: Annotated[str | None, typer.Option(help="What is spoken, as en or de; else it is detected.")] = None,
    lane: Annotated[Lane, typer.Option(help="Whether somebody waits for it.")] = Lane.INTERACTIVE,
    as_json: AsJson = False,
    url: Url = None,
    data: Data = Path(".ai2text"),
) -> None:
    """Transcribe a recording once more, as a new job."""
    ask = {"recording_id": recording_id, "model": model, "language": language, "lane": lane, "rerun": True}
    with connected(data, url) as client:
        job = json_of(client.post("/v1/jobs", json=ask))
    _show_one(job, as_json=as_json)


def _show_one(job: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        show_json(job)
    else:
        show(table_of(TITLES, [row(job)]))


def row(job: dict[str, Any]) -> list[str]:
    error = job["error"]
    return [
        job["job_id"],
        job["recording_id"],
        _status(job),
        job.get("lane") or "",
        job.get("model") or "",
        moment(job.get("requested_at")),
        _took(job),
        f"{error['code']}: {error['detail']}" if error else "",
    ]


def _status(job: dict[str, Any]) -> str:
    running = job["status"] == JobStatus.RUNNING
    return f"{job['status']} {job['progress'] or 0:.0%}" if running else str(job["status"])


def _took(job: dict[str, Any]) -> str:
    started, finished = job.get("started_at"), job.get("finished_at")
    if not (started and finished):
        return ""
    return clock((datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds())
