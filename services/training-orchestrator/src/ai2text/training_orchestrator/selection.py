"""Which rows a version has, and why it has not the others. No I/O here."""

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.definition import Choice, Limits, Selection
from ai2text.common.contracts.states import ReviewStatus
from ai2text.training_orchestrator.rows import Row

Breaks = Callable[[Row, TranscribedRecording, Selection], bool]

RULES: dict[str, Breaks] = {
    "excluded_in_review": lambda _, recording, __: recording.review is ReviewStatus.EXCLUDED,
    "no_text": lambda row, _, __: not row.text,
    "no_audio": lambda row, _, __: row.duration <= 0 or not row.sample_rate_hz or not row.channels,
    "review": lambda _, recording, wanted: recording.review not in wanted.review,
    "language": lambda row, _, wanted: not _chosen({row.language}, wanted.languages),
    "tag": lambda _, recording, wanted: not _chosen(set(recording.tags), wanted.tags),
    "model": lambda row, _, wanted: not _chosen({row.model}, wanted.models),
    "source": lambda _, recording, wanted: not _from_chosen_source(recording, wanted.sources),
    "ingested": lambda _, recording, wanted: not _ingested_in_time(recording, wanted),
    "speaker": lambda row, _, wanted: not _chosen({row.speaker} - {None}, wanted.speakers),
    "overlapping_speech": lambda row, _, __: row.overlapped,
    "duration": lambda row, _, wanted: not _within(row.duration, wanted.duration_seconds),
    "confidence": lambda row, _, wanted: not _within(row.confidence, wanted.confidence),
    "compression_ratio": lambda row, _, wanted: not _within(row.compression_ratio, wanted.compression_ratio),
    "coverage": lambda row, _, wanted: not _within(row.coverage, wanted.coverage),
    "words_per_second": lambda row, _, wanted: not _within(row.words_per_second, wanted.words_per_second),
    "loudness": lambda _, recording, wanted: not _within(recording.loudness_lufs, wanted.loudness_lufs),
    "peak": lambda _, recording, wanted: not _within(recording.peak_dbfs, wanted.peak_dbfs),
}
"""In this order: a row is counted under the first that it breaks."""


def left_out_by(row: Row, recording: TranscribedRecording, selection: Selection) -> str | None:
    """The rule that keeps the row out, None for one that stays."""
    return next((name for name, breaks in RULES.items() if breaks(row, recording, selection)), None)


def _chosen(found: Iterable[str | None], choice: Choice) -> bool:
    names = set(found)
    return (not choice.any or not names.isdisjoint(choice.any)) and names.isdisjoint(choice.none)


def _within(measure: float | None, limits: Limits) -> bool:
    """What was not measured is within any limits."""
    if measure is None:
        return True
    return (limits.min is None or measure >= limits.min) and (limits.max is None or measure <= limits.max)


def _from_chosen_source(recording: TranscribedRecording, choice: Choice) -> bool:
    names = [f"{source.place}/{source.name}" for source in recording.sources]
    return (not choice.any or _any_matches(names, choice.any)) and not _any_matches(names, choice.none)


def _any_matches(names: Iterable[str], patterns: Iterable[str]) -> bool:
    chosen = tuple(patterns)
    return any(fnmatchcase(name, pattern) for name in names for pattern in chosen)


def _ingested_in_time(recording: TranscribedRecording, selection: Selection) -> bool:
    at = recording.ingested_at
    if at is None:
        return selection.ingested_from is None and selection.ingested_before is None
    not_too_early = selection.ingested_from is None or at >= selection.ingested_from
    return not_too_early and (selection.ingested_before is None or at < selection.ingested_before)
