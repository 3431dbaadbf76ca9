"""The data card of a version: what is in it and what is wrong with it, for programs, for readers and as pictures.

No I/O here, and nothing in it but what the rows, the definition and the report say.
"""

import json
from collections.abc import Iterable, Iterator

from pydantic_core import to_jsonable_python

from ai2text.common.contracts.definition import Definition
from ai2text.training_orchestrator.card_facts import Facts, facts_of
from ai2text.training_orchestrator.card_pictures import bars, histogram
from ai2text.training_orchestrator.card_problems import known_problems
from ai2text.training_orchestrator.card_text import markdown
from ai2text.training_orchestrator.dataset import Report
from ai2text.training_orchestrator.rows import Row

LENGTHS, CONFIDENCE = "card/lengths.svg", "card/confidence.svg"
SPEAKERS, LANGUAGES = "card/speakers.svg", "card/languages.svg"
PICTURES = {
    LENGTHS: "Length of rows",
    CONFIDENCE: "Confidence of rows that a machine wrote",
    SPEAKERS: "Hours of speakers",
    LANGUAGES: "Hours of languages",
}


def files(definition: Definition, report: Report, rows: Iterable[Row]) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Paths, and what is in them; `rows` are all of the version, those of a recording one after the other."""
    facts = facts_of(rows, report.splits)
    problems = tuple(known_problems(definition, report, facts))
    card = {
        "name": definition.name,
        "description": definition.description,
        "licence": definition.licence,
        **to_jsonable_python(facts),
        "left_out": to_jsonable_python(report.left_out),
        "known_problems": problems,
        "definition": to_jsonable_python(definition),
    }
    yield "card.json", [json.dumps(card, indent=2, ensure_ascii=False).encode(), b"\n"]
    yield "README.md", [markdown(definition, report, facts, problems, PICTURES)]
    yield from _pictures(facts)


def _pictures(facts: Facts) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield LENGTHS, [histogram(PICTURES[LENGTHS], "seconds", facts.lengths)]
    yield CONFIDENCE, [histogram(PICTURES[CONFIDENCE], "mean probability of a token", facts.confidence)]
    speakers = {**facts.speakers.most, "others": facts.speakers.others, "without a name": facts.speakers.nameless}
    yield SPEAKERS, [bars(PICTURES[SPEAKERS], {name: one for name, one in speakers.items() if one.rows})]
    languages = {**facts.languages.most, "others": facts.languages.others}
    yield LANGUAGES, [bars(PICTURES[LANGUAGES], {name: one for name, one in languages.items() if one.rows})]
