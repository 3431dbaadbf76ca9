"""Rows as Mozilla Common Voice publishes them: a folder for each language, with its clips and tables. No I/O here.

`train`, `dev`, `test` and the like are the splits. `validated.tsv` has the rows whose text people have checked or
written, with one up-vote, and `other.tsv` those that nobody has looked at; `invalidated.tsv` is empty, because what is
excluded in review is in no version. Age, gender and accents are not known. Readers take the tables without quoting.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ai2text.common.contracts.states import ReviewStatus
from ai2text.training_orchestrator.rows import Row, Rows, voice_of

FOLDER = "common-voice"
LOCALE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
UNDETERMINED = "und"
CHECKED = {ReviewStatus.CORRECTED, ReviewStatus.VERIFIED}
COLUMNS = (
    "client_id",
    "path",
    "sentence_id",
    "sentence",
    "sentence_domain",
    "up_votes",
    "down_votes",
    "age",
    "gender",
    "accents",
    "variant",
    "locale",
    "segment",
)
BY_REVIEW: dict[str, Callable[[Row], bool]] = {
    "validated": lambda row: row.review in CHECKED,
    "invalidated": lambda _: False,
    "other": lambda row: row.review not in CHECKED,
}


def files(splits: Mapping[str, Rows]) -> Iterator[tuple[str, Iterable[bytes]]]:
    """All splits at once, because some tables are of all of them. A row is read twice for each language."""
    languages = {split: {locale(row) for row in rows()} for split, rows in splits.items()}
    for language in sorted(set().union(*languages.values())):
        everything = [rows for split, rows in splits.items() if language in languages[split]]
        for split, rows in splits.items():
            yield _path(language, split), _table(language, [rows])
        for name, wanted in BY_REVIEW.items():
            yield _path(language, name), _table(language, everything, wanted)
        yield _path(language, "clip_durations"), _durations(_of(language, everything))


def audio_path(row: Row) -> str:
    return f"{FOLDER}/{locale(row)}/clips/{clip(row)}"


def locale(row: Row) -> str:
    """A part of paths, so what is no code of a language is none here."""
    return row.language if LOCALE.fullmatch(row.language) else UNDETERMINED


def clip(row: Row) -> str:
    return f"{row.id}.{row.extension}"


def _path(language: str, table: str) -> str:
    return f"{FOLDER}/{language}/{table}.tsv"


def _of(language: str, parts: Iterable[Rows]) -> Iterator[Row]:
    return (row for rows in parts for row in rows() if locale(row) == language)


def _table(language: str, parts: Iterable[Rows], wanted: Callable[[Row], bool] = lambda _: True) -> Iterator[bytes]:
    yield _line(COLUMNS)
    yield from (_line(_cells(row)) for row in _of(language, parts) if wanted(row))


def _cells(row: Row) -> Iterator[str]:
    sentence = " ".join(row.text.split())
    known = {
        "client_id": voice_of(row),
        "path": clip(row),
        "sentence_id": hashlib.sha256(sentence.encode()).hexdigest(),
        "sentence": sentence,
        "up_votes": str(int(row.review in CHECKED)),
        "down_votes": "0",
        "locale": locale(row),
    }
    return (known.get(column, "") for column in COLUMNS)


def _durations(rows: Iterable[Row]) -> Iterator[bytes]:
    yield _line(("clip", "duration[ms]"))
    yield from (_line((clip(row), str(round(row.file_seconds * 1000)))) for row in rows)


def _line(cells: Iterable[str]) -> bytes:
    return "\t".join(cells).encode() + b"\n"
