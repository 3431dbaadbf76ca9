"""What a reader would stumble over."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    path: str
    """Relative to the version."""
    line: int | None = None
    why: str

    def __str__(self) -> str:
        return f"{self.path}{'' if self.line is None else f', line {self.line}'}: {self.why}"


Say = Callable[[Violation], None]
Document = dict[str, Any]
Faults = Callable[[Document], Iterator[str]]


def check_lines(lines: Iterable[bytes], path: str, faults: Faults, say: Say) -> int:
    """How many lines there are, each a JSON object; a line that is none is a violation, and the rest goes on."""
    number = 0
    for number, line in enumerate(lines, 1):
        for why in _faults_of(line, faults):
            say(Violation(path=path, line=number, why=why))
    return number


def _faults_of(line: bytes, faults: Faults) -> list[str]:
    try:
        found = json.loads(line)
    except (RecursionError, ValueError) as exc:
        return [f"this is no JSON: {exc}."]
    if not isinstance(found, dict):
        return ["this is no JSON object."]
    try:
        return list(faults(found))
    except (ArithmeticError, AttributeError, KeyError, TypeError) as exc:
        return [f"a field is missing, or is not what it should be: {exc!r}."]


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
