"""What waits for a review, and why."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from ai2text.api_gateway.documents.common import Count, Page, Seconds
from ai2text.api_gateway.documents.recordings import Recording
from ai2text.api_gateway.documents.transcripts import SegmentId

WordErrors = Annotated[float, Field(ge=0, examples=[3.4])]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewReason:
    code: Literal["low_confidence", "uncovered_speech", "heard_again", "repetition", "high_temperature"]
    word_errors: WordErrors
    """Of those that are expected, so many for this reason."""
    detail: Annotated[str, Field(examples=["The model gave what it heard a probability of 61%."])]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPlace:
    """Where to listen; a stretch without words belongs to no segment."""

    segment: SegmentId | None
    start: Seconds
    end: Seconds
    word_errors: WordErrors


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRecording(Recording):
    """With what makes it worth listening to."""

    expected_gain: Annotated[float, Field(ge=0, examples=[12.5])]
    """Word errors that a correction is expected to remove in a minute of audio: the order of the queue."""
    expected_word_errors: WordErrors
    """In all of it."""
    reasons: list[ReviewReason]
    places: list[ReviewPlace]
    """At most five, the worst first."""


class ReviewPage(Page[WaitingRecording]):
    recordings_left: Count
    minutes_left: Annotated[float, Field(ge=0, examples=[84.25])]
    """Of audio in the whole queue, with the filters that were asked for."""
