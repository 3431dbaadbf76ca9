"""An audiofolder of `datasets`: files beside their metadata, and the same columns everywhere."""

from collections.abc import Iterator
from functools import partial

from ai2text.training_orchestrator.rules.content import Content, has_file
from ai2text.training_orchestrator.rules.nemo import span_faults
from ai2text.training_orchestrator.rules.violation import Document, Say, check_lines

METADATA = "hf/*/metadata.jsonl"


def check(content: Content, say: Say) -> int:
    """How many rows there are."""
    return _Columns(content).check(say)


class _Columns:
    """What the first row has, all others have."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._columns: list[str] = []

    def check(self, say: Say) -> int:
        rows = 0
        for path in self._content.paths(METADATA):
            with self._content.open(path) as lines:
                rows += check_lines(lines, path, partial(self._faults, path.rpartition("/")[0]), say)
        return rows

    def _faults(self, folder: str, row: Document) -> Iterator[str]:
        self._columns = self._columns or list(row)
        if list(row) != self._columns:
            yield f"the columns are {list(row)}, and elsewhere {self._columns}."
        if nulls := [name for name, value in row.items() if value is None]:
            yield f"{', '.join(nulls)}: null has no type."
        path = f"{folder}/{row.get('file_name')}"
        if "file_name" not in row or not has_file(self._content, path):
            yield f"{row.get('file_name')!r} is no file beside it."
        elif "duration" in row:
            yield from span_faults({"duration": row["duration"]}, self._content.sound(path))
