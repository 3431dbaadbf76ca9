"""What all commands share: where the stack is, and errors that are one sentence."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, ParamSpec

import httpx
import typer

from ai2text.common.errors import Ai2TextError

Data = Annotated[Path, typer.Option(help="The data directory of the embedded stack.")]
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
            sys.exit(f"ai2text: {exc.filename} belongs to somebody else; choose another folder with --data.")
        except httpx.TransportError as exc:
            sys.exit(f"ai2text: the stack does not answer ({exc!r}): is it still starting, or stopping?")

    return guarded
