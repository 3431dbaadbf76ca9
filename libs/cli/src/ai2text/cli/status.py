"""`ai2text status`: what the running stack is doing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.table import Table

from ai2text.cli.client import connected, get_json
from ai2text.cli.options import AsJson, Data, Url, readable_errors
from ai2text.cli.tables import clock, show, show_json, table_of


@readable_errors
def status(*, as_json: AsJson = False, url: Url = None, data: Data = Path(".ai2text")) -> None:
    """Show what the running stack is doing."""
    with connected(data, url) as client:
        found = get_json(client, "/v1/status")
    if as_json:
        show_json(found)
        return
    for number, table in enumerate(tables(found)):
        if number:
            print()
        show(table)


def tables(found: dict[str, Any]) -> Iterator[Table]:
    """One for each part of the answer; who is no admin is told less."""
    for part in ("recordings", "jobs"):
        yield _counts(part, found[part])
    yield from _queue(found.get("queue", {}))
    if rates := found.get("rates"):
        yield _counts(f"finished within {_span(rates['window_seconds'])}", _rates(rates))
    if failures := found.get("failures"):
        yield _counts(f"failures within {_span(failures['window_seconds'])}", _failures(failures))
    if quotas := found.get("quotas"):
        yield _listed("quotas", ("tenant", "month", "audio seconds", "audio seconds per month"), quotas)
    if models := found.get("models"):
        yield _listed("models", ("name", "device", "compute type", "workers"), models)
    if services := found.get("services"):
        titles = ("service", "version", "seen", "ready", "instance")
        yield table_of(titles, map(_service, services), "services")
    if folders := found.get("folders"):
        titles = ("name", "reconciled", "settling", "working", "awaiting sidecars")
        yield _listed("folders", titles, folders)
    if buckets := found.get("buckets"):
        titles = ("name", "reconciled", "away", "working", "awaiting sidecars")
        yield _listed("buckets", titles, buckets)


def _queue(queue: dict[str, Any]) -> Iterator[Table]:
    if lanes := queue.get("lanes"):
        rows = [(lane, str(depth["jobs"]), f"{depth['audio_seconds'] / 60:.1f}") for lane, depth in lanes.items()]
        yield table_of(("lane", "jobs", "audio minutes"), rows, "queue")
    unread = {
        **queue.get("readers", {}),
        **{name: queue[name] for name in ("unannounced", "unsettled") if name in queue},
    }
    if unread:
        yield _counts("messages", unread)


def _rates(rates: dict[str, Any]) -> dict[str, Any]:
    factor = rates["real_time_factor"]
    return {
        "recordings": rates["recordings"],
        "audio": clock(rates["audio_seconds"]),
        "processing": clock(rates["processing_seconds"]),
        "real-time factor": "none yet" if factor is None else f"{factor:.3f}",
    }


def _failures(failures: dict[str, Any]) -> dict[str, Any]:
    counts = {name: failures[name] for name in ("jobs", "rejections", "dead_letters") if name in failures}
    return {**counts, **failures["by_code"]}


def _service(service: dict[str, Any]) -> tuple[str, ...]:
    missing = [check for check, ready in service["ready"].items() if not ready]
    ready = f"no: {', '.join(missing)}" if missing else "yes"
    seen = f"{service['seen_seconds_ago']:.0f} s ago"
    return service["service"], service["version"], seen, ready, service["instance"]


def _listed(title: str, columns: tuple[str, ...], things: list[dict[str, Any]]) -> Table:
    rows = [[_word(thing.get(column.replace(" ", "_"), "")) for column in columns] for thing in things]
    return table_of(columns, rows, title)


def _counts(title: str, counts: dict[str, Any]) -> Table:
    return table_of([name.replace("_", " ") for name in counts], [[_word(value) for value in counts.values()]], title)


def _word(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _span(seconds: float) -> str:
    return f"{seconds / 3600:.0f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - an hour
