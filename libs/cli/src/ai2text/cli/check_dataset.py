"""A version that lies in a folder, checked by the rules of its readers and, where they are installed, by them."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ai2text.cli.folder_content import FolderContent
from ai2text.cli.readers import read_dataset
from ai2text.common.contracts.definition import BY_REFERENCE, Format
from ai2text.common.errors import Misconfigured
from ai2text.training_orchestrator.rules.check_format import check_format as check_by_rules

READERS_PYTHON = "AI2TEXT_READERS_PYTHON"
"""Of an environment in which lhotse, datasets and webdataset are installed, or some of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One format."""

    format: Format
    rows: int
    violations: tuple[str, ...]
    """The first of them."""
    violation_count: int
    reader: str | None
    """Which library read all of it, and its version."""
    is_elsewhere: bool
    """Its audio is referred to, and not in the folder."""

    @property
    def result(self) -> str:
        if self.violations:
            return f"{self.violation_count} violations"
        if self.is_elsewhere:
            return "rules checked, its audio lies elsewhere"
        return f"ok: {self.reader} read it" if self.reader else "rules checked, reader not installed"


def check_format(content: FolderContent, form: Format, expected_rows: int) -> Checked:
    """Raises Misconfigured for a reader that cannot be run."""
    found = check_by_rules(content, form, expected_rows)
    violations, count, reader = [str(one) for one in found.first], found.violations, None
    is_elsewhere = (content.reference is not None or content.names_archives) and form in BY_REFERENCE
    if not violations and not is_elsewhere:
        reader, violations = _read(content.folder, form, expected_rows)
        count = len(violations)
    return Checked(
        format=form,
        rows=found.rows,
        violations=tuple(violations),
        violation_count=count,
        reader=reader,
        is_elsewhere=is_elsewhere,
    )


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
