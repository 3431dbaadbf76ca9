"""`ai2text jobs`: what is, was and will be transcribed."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ai2text.cli.client import connected, list_items
from ai2text.cli.options import AsJson, Data, Limit, Url, readable_errors
from ai2text.cli.tables import clock, moment, say, show, show_json, table_of
from ai2text.common.contracts.states import JobStatus

TITLES = ("job", "recording", "status", "lane", "model", "requested", "took", "error")
NOTHING = "There are no jobs yet: each recording brings one, see `ai2text transcribe --help`."


@readable_errors
def jobs(
    *,
    status: Annotated[JobStatus | None, typer.Option(help="Only those in this state.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    url: Url = None,
    data: Data = Path(".ai2text"),
) -> None:
    """List transcription jobs, the newest first."""
    with connected(data, url) as client:
        found = list_items(client, "/v1/jobs", {"status": status}, limit)
    if as_json:
        show_json(found)
    elif found:
        show(table_of(TITLES, map(row, found)))
    else:
        say(f"No job is {status}: leave out --status to see the others." if status else NOTHING)


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
