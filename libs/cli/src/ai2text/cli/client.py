"""A client of the running stack's gateway, with a token of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from ai2text.cli import run_file
from ai2text.cli.issue_token import bearer, credentials_in
from ai2text.common.errors import Ai2TextError

TIMEOUTS = httpx.Timeout(connect=3, read=30, write=30, pool=3)


class AnsweredWithError(Ai2TextError):
    """The gateway said no; its sentence is shown."""


@contextmanager
def connected(data: Path) -> Iterator[httpx.Client]:
    """Raises Misconfigured when no stack runs in `data`."""
    url = run_file.url_of_running(data)
    headers = bearer(credentials_in(data))
    with httpx.Client(base_url=url, headers=headers, timeout=TIMEOUTS, trust_env=False) as client:
        yield client


def get_json(client: httpx.Client, path: str) -> Any:
    """Raises AnsweredWithError with the problem's own words."""
    answer = client.get(path)
    if answer.is_error:
        raise AnsweredWithError(f"{path} answered {answer.status_code}: {_detail(answer)}")
    return answer.json()


def _detail(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200]
    return str(problem.get("detail") or problem)
