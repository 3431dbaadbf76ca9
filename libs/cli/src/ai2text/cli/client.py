"""A client of the running stack's gateway, with a token of its own."""

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from ai2text.cli import run_file
from ai2text.cli.credentials import Credentials
from ai2text.cli.issue_token import bearer, credentials_in
from ai2text.cli.options import TOKEN_VARIABLE
from ai2text.common.errors import Ai2TextError, Misconfigured

TIMEOUTS = httpx.Timeout(connect=3, read=30, write=30, pool=30)
PAGE_MOST = 1000


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
    with httpx.Client(**arguments(data, url)) as client:
        yield client


def arguments(data: Path, url: str | None) -> dict[str, Any]:
    """Of a client, blocking or not. Raises Misconfigured when there is no stack, or no token for it."""
    bounds = {"timeout": TIMEOUTS, "trust_env": False}
    if url is None:
        return {**bounds, "base_url": run_file.url_of_running(data), "auth": _OwnToken(credentials_in(data))}
    return {**bounds, "base_url": url, "headers": {"Authorization": f"Bearer {_given_token()}"}}


def _given_token() -> str:
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise Misconfigured(f"--url wants a token of that gateway in the variable {TOKEN_VARIABLE}.")
    if not (token.isascii() and token.isprintable()):
        raise Misconfigured(f"The variable {TOKEN_VARIABLE} holds no token.")
    return token


def get_json(client: httpx.Client, path: str, params: Mapping[str, Any] | None = None) -> Any:
    """Raises AnsweredWithError with the problem's own words."""
    return json_of(client.get(path, params=_given(params or {})))


def list_items(client: httpx.Client, path: str, params: Mapping[str, Any], limit: int | None) -> list[Any]:
    """Page by page, until there are `limit` or no more."""
    items: list[Any] = []
    after: str | None = None
    while limit is None or len(items) < limit:
        size = PAGE_MOST if limit is None else min(PAGE_MOST, limit - len(items))
        page = get_json(client, path, {**params, "limit": size, "after_id": after})
        items += page["items"]
        after = page["next"]
        if after is None:
            break
    return items


def _given(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def json_of(answer: httpx.Response) -> Any:
    """Raises AnsweredWithError, also for what is no JSON."""
    try:
        return checked(answer).json()
    except ValueError as exc:
        raise AnsweredWithError(f"{answer.url} answered with something else than JSON: is this a gateway?") from exc


def checked(answer: httpx.Response) -> httpx.Response:
    """Raises AnsweredWithError with the problem's own words."""
    if answer.is_error:
        raise AnsweredWithError(_sentence(answer))
    return answer


def _sentence(answer: httpx.Response) -> str:
    detail = detail_of(answer)
    match answer.status_code:
        case 401:
            return f"The gateway does not take the token: {detail}"
        case 403 | 422:
            return detail
        case status:
            return f"The gateway answered {status} to {answer.request.method} {answer.url.path}: {detail}"


def detail_of(answer: httpx.Response) -> str:
    """What a problem says to people."""
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200] or answer.reason_phrase
    return str(problem.get("detail") or problem) if isinstance(problem, dict) else str(problem)
