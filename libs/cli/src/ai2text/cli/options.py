"""What all commands share: where the stack is, and errors that are one sentence."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec

import httpx
import typer

from ai2text.common.errors import Ai2TextError

TOKEN_VARIABLE = "AI2TEXT_TOKEN"  # noqa: S105 - a name
INTERRUPTED = 130
"""What shells report of a command that SIGINT ended."""

Data = Annotated[Path, typer.Option(help="The data directory of the embedded stack.")]
Url = Annotated[
    str | None, typer.Option(help=f"Another gateway; its token is taken from the variable {TOKEN_VARIABLE}.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts: one JSON document on stdout and nothing else.")]
Limit = Annotated[int, typer.Option(min=1, help="How many at most.")]
P = ParamSpec("P")


def readable_errors(command: Callable[P, None]) -> Callable[P, None]:
    """What people can mend is one sentence on stderr and exit status 1, not a traceback."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except Ai2TextError as exc:
            sys.exit(f"ai2text: {exc}")
        except PermissionError as exc:
            sys.exit(f"ai2text: {exc.filename} belongs to somebody else; choose another folder.")
        except httpx.InvalidURL as exc:
            sys.exit(f"ai2text: --url cannot be read: {exc}.")
        except httpx.TransportError as exc:
            sys.exit(f"ai2text: {unanswered(exc)}")
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    return guarded


def unanswered(error: httpx.TransportError) -> str:
    """What is said of a gateway that is not there, or broke off."""
    if isinstance(error, httpx.UnsupportedProtocol):
        return f"--url cannot be read: {error}"
    url = error.request.url
    why = str(error) or type(error).__name__
    return f"Nothing answers at {url.scheme}://{url.netloc.decode()} ({why}): is it still starting, or stopping?"
