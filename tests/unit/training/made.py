"""Files as a format makes them of some recordings."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from ai2text.common.contracts.datasets import TranscribedRecording
from ai2text.common.contracts.definition import Definition
from ai2text.training_orchestrator.choose_rows import ChosenRows
from ai2text.training_orchestrator.row_table import RowTable
from ai2text.training_orchestrator.tally import Tally

Files = Callable[[RowTable], Iterator[tuple[str, Iterable[bytes]]]]


def made(files: Files, recordings: Sequence[TranscribedRecording], **definition: Any) -> dict[str, bytes]:
    rows = ChosenRows(Definition(name="x", **definition), Tally())
    with closing(RowTable()) as table:
        for recording in recordings:
            table.add(recording, rows.of(recording))
        return {path: b"".join(blocks) for path, blocks in files(table)}
