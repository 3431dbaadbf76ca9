"""What a data card tells of a version, counted in one pass over its rows. No I/O here."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ai2text.common.contracts.states import ReviewStatus
from ai2text.training_orchestrator.dataset import Amount
from ai2text.training_orchestrator.rows import Row, microseconds_of
from ai2text.training_orchestrator.tally import amount

LENGTHS = (0.0, 1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 300.0, 1800.0)
"""Seconds at which a bin begins; the last one has no end."""
CONFIDENCES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
NAMES_KEPT = 100_000
"""Who is heard of after so many others is counted with all the rest: the memory of a card is bounded."""
NAMES_TOLD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """From `low` to just below the next one's, all above it in the last."""

    low: float
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Of speakers, languages or models: those of which there is most, and how much there is of the others."""

    count: int
    """At least so many where there are more than are kept apart."""
    all_counted: bool
    most: dict[str, Amount]
    others: Amount
    nameless: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFacts:
    rows: int
    duration_seconds: float
    recordings: int
    speakers: int
    """Of those whose names are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    rows: int
    duration_seconds: float
    recordings: int
    splits: dict[str, SplitFacts]
    speakers: Names
    languages: Names
    models: Names
    review: dict[str, Amount]
    lengths: tuple[Bin, ...]
    confidence: tuple[Bin, ...]
    """The mean probability of a token, of rows that a machine wrote."""
    confidence_unknown: Amount


@dataclass(slots=True)
class _Count:
    rows: int = 0
    microseconds: int = 0

    def add(self, microseconds: int) -> None:
        self.rows += 1
        self.microseconds += microseconds

    def amount(self) -> Amount:
        return amount(self.rows, self.microseconds)


class _Histogram:
    def __init__(self, lows: Sequence[float]) -> None:
        self._lows = lows
        self._counts = [_Count() for _ in lows]

    def add(self, value: float, microseconds: int) -> None:
        self._counts[max(bisect_right(self._lows, value) - 1, 0)].add(microseconds)

    def bins(self) -> tuple[Bin, ...]:
        pairs = zip(self._lows, self._counts, strict=True)
        return tuple(Bin(low=low, amount=count.amount()) for low, count in pairs)


class _NameCounts:
    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._counts: dict[str, _Count] = {}
        self._beyond = _Count()
        self._nameless = _Count()

    def add(self, name: str | None, microseconds: int) -> bool:
        """Whether it is the first row of somebody who is kept apart."""
        if not name:
            self._nameless.add(microseconds)
            return False
        is_new = name not in self._counts
        if is_new and len(self._counts) == self._kept:
            self._beyond.add(microseconds)
            return False
        self._counts.setdefault(name, _Count()).add(microseconds)
        return is_new

    def names(self) -> Names:
        ordered = sorted(self._counts.items(), key=lambda one: (-one[1].microseconds, one[0]))
        others = [count for _, count in ordered[NAMES_TOLD:]] + [self._beyond]
        return Names(
            count=len(ordered),
            all_counted=not self._beyond.rows,
            most={name: count.amount() for name, count in ordered[:NAMES_TOLD]},
            others=amount(sum(one.rows for one in others), sum(one.microseconds for one in others)),
            nameless=self._nameless.amount(),
        )


@dataclass(slots=True)
class _Split:
    heard: _Count = field(default_factory=_Count)
    recordings: int = 0
    speakers: int = 0

    def facts(self) -> SplitFacts:
        told = self.heard.amount()
        return SplitFacts(
            rows=told.rows,
            duration_seconds=told.duration_seconds,
            recordings=self.recordings,
            speakers=self.speakers,
        )


def facts_of(rows: Iterable[Row], splits: Iterable[str], names_kept: int = NAMES_KEPT) -> Facts:
    """Rows of a recording follow one another; a speaker with a name is in one split. Every one of `splits` is told."""
    total, unknown = _Count(), _Count()
    parts = {split: _Split() for split in sorted(splits)}
    speakers, languages, models = (_NameCounts(names_kept) for _ in range(3))
    review = {status: _Count() for status in ReviewStatus}
    lengths, confidence = _Histogram(LENGTHS), _Histogram(CONFIDENCES)
    before: str | None = None
    for row in rows:
        microseconds, split = microseconds_of(row), parts[row.split]
        for count in (total, split.heard, review[row.review]):
            count.add(microseconds)
        split.recordings += row.recording_id != before
        split.speakers += speakers.add(row.speaker, microseconds)
        languages.add(row.language, microseconds)
        models.add(row.model, microseconds)
        lengths.add(row.duration, microseconds)
        if row.confidence is None:
            unknown.add(microseconds)
        else:
            confidence.add(row.confidence, microseconds)
        before = row.recording_id
    told = total.amount()
    return Facts(
        rows=told.rows,
        duration_seconds=told.duration_seconds,
        recordings=sum(one.recordings for one in parts.values()),
        splits={name: one.facts() for name, one in parts.items()},
        speakers=speakers.names(),
        languages=languages.names(),
        models=models.names(),
        review={status: count.amount() for status, count in review.items() if count.rows},
        lengths=lengths.bins(),
        confidence=confidence.bins(),
        confidence_unknown=unknown.amount(),
    )
