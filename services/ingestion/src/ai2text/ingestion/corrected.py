"""A transcript that people have corrected, as they see it. No I/O here."""

from dataclasses import dataclass, field
from typing import Literal

from ai2text.common.contracts.outcome import Outcome, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedSegment:
    """Times in seconds from the start of the recording. Without a machine's measures: it is no longer its work."""

    start: float
    end: float
    text: str
    speaker: str | None = None
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What is called as in a machine's transcript means the same."""

    recording_id: str
    revision: int
    """A later one is a greater number."""
    language: str
    model: str
    """Of the machine's transcript that was corrected."""
    text: str
    segments: tuple[CorrectedSegment, ...]
    duration_seconds: float | None = None
    """The catalogue does not say it; the facts do."""
    kind: Literal["corrected"] = field(default="corrected")


Shown = Outcome | Corrected
"""What a recording's sidecars say."""


def revision_of(shown: Shown) -> int:
    """0 for what no person has touched; what has a smaller one never takes the place of what has a greater one."""
    return shown.revision if isinstance(shown, Corrected) else 0
