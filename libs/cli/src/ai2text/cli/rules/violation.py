"""What a reader would stumble over."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    path: str
    """Relative to the version."""
    line: int | None = None
    why: str

    def __str__(self) -> str:
        return f"{self.path}{'' if self.line is None else f', line {self.line}'}: {self.why}"


def documents(file: Iterator[bytes], path: str) -> Iterator[tuple[int, dict[str, Any] | Violation]]:
    """Each line with its number from 1; a line that is no JSON object is a violation, and the rest goes on."""
    for number, line in enumerate(file, 1):
        yield number, _document(line, path, number)


def _document(line: bytes, path: str, number: int) -> dict[str, Any] | Violation:
    try:
        found = json.loads(line)
    except ValueError as exc:
        return Violation(path=path, line=number, why=f"this is no JSON: {exc}.")
    return found if isinstance(found, dict) else Violation(path=path, line=number, why="this is no JSON object.")


def is_file_below(folder: Path, name: object) -> bool:
    """Whether it names a file in the folder, by a path that does not leave it."""
    if not isinstance(name, str) or not name or name.startswith("/") or ".." in name.split("/"):
        return False
    return (folder / name).is_file()


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
