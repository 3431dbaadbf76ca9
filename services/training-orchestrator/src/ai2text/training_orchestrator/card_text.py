"""A data card as Markdown: what is in the version, how it was made, and what is wrong with it. No I/O here."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic_core import to_jsonable_python

from ai2text.common.contracts.definition import Definition
from ai2text.training_orchestrator.card_facts import Facts, Names
from ai2text.training_orchestrator.dataset import Amount, Report

ESCAPED = str.maketrans({sign: f"\\{sign}" for sign in "\\|`*_[]<>#"})
"""Names are anybody's words."""


def markdown(
    definition: Definition, report: Report, facts: Facts, problems: Iterable[str], pictures: Mapping[str, str]
) -> bytes:
    """`pictures` are titles by path."""
    parts = [
        f"# {definition.name}",
        definition.description.strip(),
        _table(("", ""), _overview(definition, facts)),
        "## Known problems",
        "\n".join(f"- {problem}" for problem in problems),
        "## Splits",
        _splits(facts),
        *(f"![{title}]({path})" for path, title in pictures.items()),
        *_named("Languages", "language", facts.languages),
        *_named("Speakers", "speaker", facts.speakers),
        *_named("Models", "model", facts.models),
        "## Review",
        _table(("review", "rows", "hours"), _amounts(facts.review)),
        "## Left out",
        _table(("rule", "rows", "hours"), _amounts(report.left_out)) if report.left_out else "Nothing.",
        *_making(definition),
    ]
    return "\n\n".join(part for part in parts if part).encode() + b"\n"


def _overview(definition: Definition, facts: Facts) -> Iterator[tuple[str, ...]]:
    yield "rows", f"{facts.rows:,}"
    yield "hours", _hours(facts.duration_seconds)
    yield "recordings", f"{facts.recordings:,}"
    yield "speakers with a name", _count(facts.speakers)
    yield "languages", ", ".join(map(_plain, facts.languages.most)) or "none"
    yield "licence", _plain(definition.licence) if definition.licence else "not stated"


def _splits(facts: Facts) -> str:
    lines = (
        (_plain(name), f"{one.rows:,}", _hours(one.duration_seconds), f"{one.recordings:,}", f"{one.speakers:,}")
        for name, one in facts.splits.items()
    )
    return _table(("split", "rows", "hours", "recordings", "speakers with a name"), lines)


def _named(title: str, kind: str, names: Names) -> Iterator[str]:
    amounts = {**names.most, "others": names.others, "without a name": names.nameless}
    yield f"## {title}"
    yield _table((kind, "rows", "hours"), _amounts({name: one for name, one in amounts.items() if one.rows}))


def _making(definition: Definition) -> Iterator[str]:
    yield "## How it was made"
    yield (
        "Each line of `rows.jsonl` is a row with its recording, the revision of the transcript, the job and the model "
        "that wrote it, and the segments that it consists of; every format is made of these lines."
    )
    asked = _stated(to_jsonable_python(replace(definition, golden=(), description="")))
    yield f"```json\n{json.dumps(asked, indent=2, ensure_ascii=False)}\n```"
    yield "`card.json` has the whole definition."


def _stated(value: Any) -> Any:
    """Without what says nothing; 0 says something."""
    if not isinstance(value, dict):
        return value
    told = {name: _stated(one) for name, one in value.items()}
    return {name: one for name, one in told.items() if one is not None and one is not False and one not in ("", [], {})}


def _amounts(amounts: Mapping[str, Amount]) -> Iterator[tuple[str, ...]]:
    return ((_plain(name), f"{one.rows:,}", _hours(one.duration_seconds)) for name, one in amounts.items())


def _table(columns: Iterable[str], lines: Iterable[tuple[str, ...]]) -> str:
    """The first column is a name, the others are numbers."""
    names = tuple(columns)
    ruled = (":---", *(["---:"] * (len(names) - 1)))
    return "\n".join(f"| {' | '.join(line)} |" for line in (names, ruled, *lines))


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.2f}"


def _count(names: Names) -> str:
    return f"{names.count:,}" if names.all_counted else f"more than {names.count:,}"


def _plain(name: str) -> str:
    return " ".join(name.split()).translate(ESCAPED)
