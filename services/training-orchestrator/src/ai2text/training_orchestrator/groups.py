"""Which segments, or parts of them, are one row together. No I/O here."""

from collections.abc import Iterator

from ai2text.common.contracts.datasets import TranscribedRecording, TranscribedSegment
from ai2text.common.contracts.definition import Definition
from ai2text.training_orchestrator.long_segments import DIGITS, parts_of, seconds_between

LONGEST_PAUSE_SECONDS = 1.0


def words_wanted_beyond(definition: Definition) -> float | None:
    """Seconds: of longer segments the times of words have to be known. None where nothing is cut."""
    return None if definition.target_seconds is None else max(0.0, definition.target_seconds - 2 * 10**-DIGITS)


def groups_of(recording: TranscribedRecording, definition: Definition) -> Iterator[tuple[TranscribedSegment, ...]]:
    """Of one speaker each, in order, no longer than the target and without a long pause."""
    target = definition.target_seconds
    pause = LONGEST_PAUSE_SECONDS if definition.longest_pause_seconds is None else definition.longest_pause_seconds
    group: list[TranscribedSegment] = []
    for segment in sorted(_short(recording, target), key=lambda one: (one.start, one.end)):
        fits = (
            group
            and target is not None
            and segment.speaker == group[-1].speaker
            and 0 <= segment.start - group[-1].end <= pause
            and seconds_between(group[0].start, segment.end) <= target
        )
        if group and not fits:
            yield tuple(group)
            group = []
        group.append(segment)
    if group:
        yield tuple(group)


def _short(recording: TranscribedRecording, target: float | None) -> Iterator[TranscribedSegment]:
    """All that can be cut is cut to the target."""
    if target is None:
        yield from recording.segments
    else:
        for segment in recording.segments:
            yield from parts_of(segment, target, recording.language)
