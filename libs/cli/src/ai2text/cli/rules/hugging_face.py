"""An audiofolder of `datasets`: files beside their metadata, and the same columns everywhere."""

from collections.abc import Iterator
from pathlib import Path

from ai2text.cli.rules.violation import Violation, documents, is_file_below

METADATA = "hf/*/metadata.jsonl"


def violations(folder: Path) -> Iterator[Violation]:
    columns: list[str] | None = None
    for file in sorted(folder.glob(METADATA)):
        path = file.relative_to(folder).as_posix()
        with file.open("rb") as lines:
            for number, row in documents(lines, path):
                if isinstance(row, Violation):
                    yield row
                    continue
                columns = columns or list(row)
                if list(row) != columns:
                    yield Violation(
                        path=path, line=number, why=f"the columns are {list(row)}, and elsewhere {columns}."
                    )
                if not is_file_below(file.parent, row.get("file_name")):
                    yield Violation(path=path, line=number, why=f"{row.get('file_name')!r} is no file beside it.")
                if nulls := [name for name, value in row.items() if value is None]:
                    yield Violation(path=path, line=number, why=f"{', '.join(nulls)}: null has no type.")


def rows(folder: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in folder.glob(METADATA))
