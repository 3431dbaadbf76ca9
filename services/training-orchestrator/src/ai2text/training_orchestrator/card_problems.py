"""What somebody who trains on a version should know of it before, in sentences. No I/O here."""

from collections.abc import Iterator

from ai2text.common.contracts.definition import Definition
from ai2text.common.contracts.states import ReviewStatus
from ai2text.training_orchestrator.card_facts import LENGTHS, Facts
from ai2text.training_orchestrator.dataset import Amount, Report

LONG_SECONDS = 30.0
"""What Whisper hears at once; many trainers leave longer rows out."""
DOUBTFUL = 0.5
MUCH = 0.5
FEW_SECONDS = 60.0


def known_problems(definition: Definition, report: Report, facts: Facts) -> Iterator[str]:
    if definition.licence is None:
        yield "No licence is stated: whoever built it has to know what may be done with its audio."
    yield from _about_texts(facts)
    yield from _about_speakers(facts, report)
    yield from _about_lengths(facts)
    for split, amount in facts.splits.items():
        if amount.duration_seconds < FEW_SECONDS:
            yield f"The split {split} has less than a minute of audio: what is measured on it says little."


def _about_texts(facts: Facts) -> Iterator[str]:
    unreviewed = facts.review.get(ReviewStatus.UNREVIEWED, Amount())
    if unreviewed.rows:
        share = _share(unreviewed, facts)
        yield f"{share} of the time the text is a machine's, and nobody has looked at it."
    doubtful = sum(one.amount.rows for one in facts.confidence if one.low < DOUBTFUL)
    if doubtful:
        yield f"{_rows(doubtful)} a confidence below {DOUBTFUL:g}."
    if facts.confidence_unknown.rows:
        yield f"{_rows(facts.confidence_unknown.rows)} no confidence: people wrote or changed their text."
    if facts.models.count > 1:
        yield f"Its texts come from {facts.models.count} models, which may write the same thing differently."
    yield "Only what was transcribed is in it: a recording of which there is nothing but a translation is not."


def _about_speakers(facts: Facts, report: Report) -> Iterator[str]:
    nameless = facts.speakers.nameless
    if nameless.rows:
        yield (
            f"{_rows(nameless.rows)} no speaker with a name ({_share(nameless, facts)} of the time): a person whom "
            "nobody has named may speak in more than one split."
        )
    name, most = next(iter(facts.speakers.most.items()), ("", Amount()))
    if facts.rows and facts.speakers.count > 1 and most.duration_seconds > MUCH * facts.duration_seconds:
        yield f"{name} speaks {_share(most, facts)} of the time."
    joining = report.left_out.get("joins_two_splits")
    if joining:
        yield (
            f"{joining.rows} rows ({joining.duration_seconds / 3600:.2f} hours) would have joined two splits and were "
            "left out: conversations are rarer in it than in the recordings."
        )


def _about_lengths(facts: Facts) -> Iterator[str]:
    long = sum(one.amount.rows for one in facts.lengths if one.low >= LONG_SECONDS)
    if long:
        yield f"{_rows(long)} {LONG_SECONDS:g} seconds or more: many trainers leave out or cut what is longer."
    short = sum(one.amount.rows for one in facts.lengths if one.low < LENGTHS[1])
    if short:
        yield f"{_rows(short)} less than {LENGTHS[1]:g} second."


def _rows(count: int) -> str:
    return "1 row has" if count == 1 else f"{count:,} rows have"


def _share(part: Amount, facts: Facts) -> str:
    """In whole percent, upwards from none and downwards from all."""
    if not facts.duration_seconds:
        return "0 %"
    percent = 100 * part.duration_seconds / facts.duration_seconds
    return f"{min(max(round(percent), 1), 99 if part.duration_seconds < facts.duration_seconds else 100)} %"
