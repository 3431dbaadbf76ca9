"""From recordings to the rows that a version has, and a count of those that it has not. No I/O here."""

import math
from collections.abc import Iterator
from dataclasses import replace

from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.definition import GOLDEN, Definition
from ai2text.training_orchestrator.rows import Candidate, Row, microseconds_of, rows_of
from ai2text.training_orchestrator.selection import left_out_by
from ai2text.training_orchestrator.splits import joins_two, named_speakers, split_of_recording
from ai2text.training_orchestrator.tally import Tally


class ChosenRows:
    """By the rules that look at one row; `tally` counts the others. `bucket` is where the recordings lie."""

    def __init__(self, definition: Definition, tally: Tally, bucket: str = "") -> None:
        self._bucket = bucket
        self._definition = definition
        self._tally = tally
        self._golden = frozenset(definition.golden)

    def of(self, recording: TranscribedRecording) -> Iterator[Candidate]:
        """In the order of time."""
        splits = self._definition.splits
        golden = recording.recording_id in self._golden
        split = GOLDEN if golden else split_of_recording(recording, splits)
        everybody = named_speakers(recording.segments)
        for row in rows_of(recording, self._definition):
            voices = everybody if row.whole else everybody & {row.speaker}
            rule = left_out_by(row, recording, self._definition.selection)
            if rule is None and row.duration > (self._definition.target_seconds or math.inf):
                rule = "longer_than_target"
            if rule is None and not golden and joins_two(voices, split, splits):
                rule = "joins_two_splits"
            if rule:
                self._tally.count(rule, 1, microseconds_of(row))
            else:
                chosen = replace(row, split=split, audio=self._located(row, recording))
                yield Candidate(row=chosen, place=_place(recording), voices=frozenset(voices))

    def _located(self, row: Row, recording: TranscribedRecording) -> str:
        """What manifests call its audio."""
        if row.lies_elsewhere:
            return recording.audio_key
        match self._definition.audio.reference:
            case None:
                return row.audio
            case "store":
                return f"s3://{self._bucket}/{recording.audio_key}"
            case prefix:
                return f"{prefix}{row.audio}"


def _place(recording: TranscribedRecording) -> str | None:
    return f"{recording.sources[0].kind}/{recording.sources[0].place}" if recording.sources else None
