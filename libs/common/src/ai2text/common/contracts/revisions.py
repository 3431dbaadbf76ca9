"""What people changed of a transcript, as it stands in the bucket: only the changes, on the revision before."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from ai2text.common.contracts.outcome import Word


class Change(StrEnum):
    """How a human revision came about."""

    EDIT = "edit"
    SPLIT = "split"
    MERGE = "merge"
    REPLACE = "replace"
    REVERT = "revert"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisedSegment:
    """A segment as people see it; times in seconds from the start of the recording."""

    id: str
    """Stays through every later human revision."""
    place: Decimal
    """Its order among the others; between two there is always room for one more."""
    start: float
    end: float
    text: str
    speaker: str | None = None
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanRevision:
    """The first one that is written under a number is the truth."""

    tenant: str
    recording_id: str
    revision: int
    parent: int
    """The revision that people saw before."""
    base_job_id: str
    """Of the machine's transcript whose segments are changed."""
    author: str
    change: Change
    reverted_to: int | None = None
    changed: tuple[RevisedSegment, ...] = ()
    """As they are now, new ones too."""
    removed: tuple[str, ...] = ()
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptCorrected:
    """People see another text now."""

    tenant: str
    recording_id: str
    revision: int
    revision_key: str
    corrected_at: datetime
