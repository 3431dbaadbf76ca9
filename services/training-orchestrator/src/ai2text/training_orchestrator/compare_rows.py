"""What can only be said of all rows together: which are too many, and whether the version may be published."""

from collections.abc import Iterator

from ai2text.common.contracts.definition import GOLDEN, Definition
from ai2text.common.errors import Refused
from ai2text.training_orchestrator.dataset import Amount, Report
from ai2text.training_orchestrator.row_table import RowTable
from ai2text.training_orchestrator.tally import MICRO, Tally

NAMED = 5
TELLING_WORDS = 8
"""A text of fewer is said again by chance: yes, thank you, good morning."""


def compare_rows(definition: Definition, table: RowTable, tally: Tally) -> Report:
    """Takes away what is too much. Raises Refused for a version that is not what was asked for. Blocking."""
    for rule, removed in _removed(definition, table):
        tally.count(rule, removed.rows, round(removed.duration_seconds * MICRO))
    splits = {split: Amount() for split in _expected(definition)} | table.splits()
    _check_golden(definition, table)
    _check_not_empty(definition, splits, tally)
    return Report(
        rows=sum(amount.rows for amount in splits.values()),
        duration_seconds=round(sum(amount.duration_seconds for amount in splits.values()), 3),
        splits=splits,
        left_out=tally.amounts(),
    )


def _removed(definition: Definition, table: RowTable) -> Iterator[tuple[str, Amount]]:
    selection = definition.selection
    yield "repeated_audio", table.remove_copies()
    if definition.golden:
        yield "said_in_golden", table.remove_said_in_golden(TELLING_WORDS)
    if selection.rows_per_text is not None:
        yield "repeated_text", table.remove_repeated(selection.rows_per_text)
    if selection.hours_per_speaker is not None:
        yield "hours_of_speaker", table.remove_beyond_speaker(selection.hours_per_speaker)
    if selection.hours_per_source is not None:
        yield "hours_of_source", table.remove_beyond_place(selection.hours_per_source)


def _expected(definition: Definition) -> list[str]:
    return sorted([*definition.splits, *([GOLDEN] if definition.golden else [])])


def _check_golden(definition: Definition, table: RowTable) -> None:
    missing = [one for one in definition.golden if not table.has_rows_of(one)]
    if missing:
        raise Refused(
            "golden_missing",
            f"{len(missing)} of the {len(definition.golden)} golden recordings would have no rows, such as "
            f"{', '.join(missing[:NAMED])}: take them out of golden, or loosen the rule that leaves them out.",
        )
    if leaks := table.golden_elsewhere():
        raise Refused(
            "golden_leak",
            f"{', '.join(leaks)} would speak in the golden split and in another one: add them to "
            "selection.speakers.none, or take their recordings out of golden.",
        )


def _check_not_empty(definition: Definition, splits: dict[str, Amount], tally: Tally) -> None:
    empty = [split for split, amount in splits.items() if not amount.rows]
    if empty and not definition.allow_empty_splits:
        why = ", ".join(f"{rule} {amount.rows}" for rule, amount in tally.amounts().items())
        raise Refused(
            "empty_split",
            f"{' and '.join(empty)} would be empty. Rows that rules left out: {why or 'none'}. Transcribe more, loosen "
            "the rules, or allow it with allow_empty_splits.",
        )
