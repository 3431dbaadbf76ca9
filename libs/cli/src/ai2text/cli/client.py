"""A client of the running stack's gateway, with a token of its own."""

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from ai2text.cli import run_file
from ai2text.cli.credentials import Credentials
from ai2text.cli.issue_token import bearer, credentials_in
from ai2text.common.errors import Ai2TextError, Misconfigured

TIMEOUTS = httpx.Timeout(connect=3, read=30, write=30, pool=30)
OPTIONS: dict[str, Any] = {"timeout": TIMEOUTS, "trust_env": False}
TOKEN_VARIABLE = "AI2TEXT_TOKEN"  # noqa: S105 - a name


class AnsweredWithError(Ai2TextError):
    """The gateway said no; its sentence is shown."""


class _OwnToken(httpx.Auth):
    """Signed anew for each request, so that a command may run for longer than a token is valid."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers.update(bearer(self._credentials))
        yield request


@contextmanager
def connected(data: Path, url: str | None = None) -> Iterator[httpx.Client]:
    """The stack of `data`, or another gateway. Raises Misconfigured when there is none, or no token for it."""
    if url is None:
        own = httpx.Client(base_url=run_file.url_of_running(data), auth=_OwnToken(credentials_in(data)), **OPTIONS)
    else:
        own = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {_given_token()}"}, **OPTIONS)
    with own as client:
        yield client


def _given_token() -> str:
    try:
        return os.environ[TOKEN_VARIABLE]
    except KeyError as exc:
        raise Misconfigured(f"--url wants a token of that gateway in the variable {TOKEN_VARIABLE}.") from exc


def get_json(client: httpx.Client, path: str) -> Any:
    """Raises AnsweredWithError with the problem's own words."""
    return checked(client.get(path)).json()


def checked(answer: httpx.Response) -> httpx.Response:
    """Raises AnsweredWithError with the problem's own words."""
    if answer.is_error:
        raise AnsweredWithError(f"answered {answer.status_code}: {_detail(answer)}")
    return answer


def _detail(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200]
    return str(problem.get("detail") or problem)
