"""A version that lies in a folder, checked by the rules of its readers and, where they are installed, by them."""

import json
import os
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ai2text.cli.readers import read_dataset
from ai2text.cli.rules import hugging_face, kaldi, lhotse, nemo, webdataset
from ai2text.cli.rules.violation import Violation
from ai2text.common.contracts.definition import Format
from ai2text.common.errors import Misconfigured

READERS_PYTHON = "AI2TEXT_READERS_PYTHON"
"""Of an environment in which lhotse, datasets and webdataset are installed, or some of them."""

Violations = Callable[[Path], Iterator[Violation]]
RULES: dict[Format, tuple[Violations, Callable[[Path], int]]] = {
    Format.NEMO: (nemo.violations, nemo.rows),
    Format.KALDI: (kaldi.violations, kaldi.rows),
    Format.LHOTSE: (lhotse.violations, lhotse.rows),
    Format.HUGGING_FACE: (hugging_face.violations, hugging_face.rows),
    Format.WEBDATASET: (webdataset.violations, webdataset.rows),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One format."""

    format: Format
    rows: int
    violations: tuple[str, ...]
    reader: str | None
    """Which library read all of it, and its version."""

    @property
    def result(self) -> str:
        if self.violations:
            return f"{len(self.violations)} violations"
        return f"ok: {self.reader} read it" if self.reader else "rules checked, reader not installed"


def check_format(folder: Path, form: Format, expected_rows: int) -> Checked:
    """Raises Misconfigured for a reader that cannot be run."""
    count, found = _by_rules(folder, form)
    if count != expected_rows:
        found.append(f"{form}: there are {count} rows, and the version has {expected_rows}.")
    reader = None
    if not found:
        reader, found = _read(folder, form, expected_rows)
    return Checked(format=form, rows=count, violations=tuple(found), reader=reader)


def _by_rules(folder: Path, form: Format) -> tuple[int, list[str]]:
    violations, rows = RULES[form]
    try:
        return rows(folder), [str(violation) for violation in violations(folder)]
    except (EOFError, KeyError, OSError, TypeError, ValueError, tarfile.TarError, zlib.error) as exc:
        return 0, [f"{form}: it is so damaged that no rule can be applied: {exc!r}."]


def _read(folder: Path, form: Format, expected_rows: int) -> tuple[str | None, list[str]]:
    """The reader, unless there is none, and what it stumbled over."""
    python = os.environ.get(READERS_PYTHON)
    if not python or form not in read_dataset.READERS:
        return None, []
    command = [python, "-I", read_dataset.__file__, form]
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": os.environ.get("PATH", ""), "HOME": home, "HF_HOME": home, "HF_HUB_OFFLINE": "1"}
        try:
            done = subprocess.run(command, cwd=folder, env=env, check=False, capture_output=True, text=True)
        except OSError as exc:
            raise Misconfigured(f"{READERS_PYTHON} is {python}, which cannot be run: {exc.strerror}.") from exc
    if done.returncode == read_dataset.MISSING:
        return None, []
    if done.returncode:
        (*_, last) = done.stderr.strip().splitlines() or ["it said nothing"]
        return None, [f"{form}: its reader ended with {done.returncode}: {last}"]
    found = json.loads(done.stdout.splitlines()[-1])
    stumbled: list[str] = found["violations"]
    if found["rows"] != expected_rows:
        stumbled.append(f"{form}: {found['reader']} read {found['rows']} rows of {expected_rows}.")
    return found["reader"], stumbled
