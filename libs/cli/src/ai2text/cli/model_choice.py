"""Which model transcribes: the one asked for, the best this machine can get, or the packaged demonstration."""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ai2text.cli.environments import EAR_NAME
from ai2text.cli.processes import run_helper
from ai2text.common.errors import Misconfigured

HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
DEMONSTRATION = (
    "This runs the demonstration model: {model} is not on this machine and the model hub does not answer. "
    "It hears only synthetic voices (espeak-ng en-us and en-gb, flite slt and rms) speaking English; "
    "choose another with --model NAME|PATH."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What `find_model` saw."""

    model: str
    """The default for this machine."""
    usable: bool
    """Whether it is here or can be downloaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    model: str
    notice: str | None = None
    """What people have to know about it."""


def checked(asked: str) -> str:
    """A hub's name as it is, a folder as its absolute path; raises Misconfigured for a folder without a model."""
    folder = Path(asked).expanduser()
    if folder.exists() or not HUB_NAME.fullmatch(asked):
        if not (folder / "model.bin").is_file():
            raise Misconfigured(
                f"--model {asked}: there is no model.bin in {folder.absolute()}; name a folder with a CTranslate2 "
                "model (config.json, model.bin, tokenizer.json), or a model of the hub such as small or large-v3-turbo."
            )
        return str(folder.absolute())
    return asked


def choose(found: Found) -> Choice:
    if found.usable:
        return Choice(model=found.model)
    return Choice(model=EAR_NAME, notice=DEMONSTRATION.format(model=found.model))


async def look(environ: Mapping[str, str]) -> Found:
    """Raises Misconfigured when the libraries do not work here at all."""
    status, output = await run_helper([sys.executable, "-m", "ai2text.cli.find_model"], environ)
    if status:
        raise Misconfigured(f"This machine cannot run a model: {output}")
    return Found(**json.loads(output.splitlines()[-1]))  # what stands before it are the libraries' warnings
