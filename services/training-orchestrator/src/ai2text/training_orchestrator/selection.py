"""Which recordings become rows, and what is told about those that do not. No I/O here."""

import math
from collections import defaultdict

from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.states import ReviewStatus
from ai2text.training_orchestrator.dataset import Amount, Report

NO_TEXT = "no_text"
EXCLUDED = "excluded_in_review"


def left_out_by(recording: TranscribedRecording) -> str | None:
    """The rule that keeps the recording out, None for a row."""
    if recording.review is ReviewStatus.EXCLUDED:
        return EXCLUDED
    if not recording.text.strip():
        return NO_TEXT
    return None


class Tally:
    """Counts what was selected and what was not."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str | None, list[float]] = defaultdict(list)

    def count(self, recording: TranscribedRecording, rule: str | None) -> None:
        self._seconds[rule].append(recording.duration_seconds)

    def report(self) -> Report:
        amounts = {
            rule: Amount(rows=len(seconds), duration_seconds=round(math.fsum(seconds), 3))
            for rule, seconds in self._seconds.items()
        }
        selected = amounts.pop(None, Amount())
        return Report(
            rows=selected.rows,
            duration_seconds=selected.duration_seconds,
            left_out={str(rule): amounts[rule] for rule in sorted(amounts, key=str)},
        )
