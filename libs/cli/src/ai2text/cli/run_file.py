"""How the other commands find the stack that runs in a data directory."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from ai2text.cli.files import write_atomically
from ai2text.common.errors import Misconfigured


def _path(data: Path) -> Path:
    return data / "run.json"


@contextmanager
def announced(data: Path, url: str) -> Iterator[None]:
    write_atomically(_path(data), json.dumps({"pid": os.getpid(), "url": url}).encode())
    try:
        yield
    finally:
        forget(data)


def forget(data: Path) -> None:
    _path(data).unlink(missing_ok=True)


def url_of_running(data: Path) -> str:
    """Of the gateway. Raises Misconfigured when no stack runs there."""
    try:
        found = json.loads(_path(data).read_text())
    except FileNotFoundError:
        found = None
    if found is None or not psutil.pid_exists(found["pid"]):  # killed, it could not remove the file
        raise Misconfigured(
            f"No stack is running in {data}: start one with `ai2text up`, or name its folder with --data."
        )
    return str(found["url"])
