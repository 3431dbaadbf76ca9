"""The files of a version, from its rows. Blocking."""

import tempfile
from collections.abc import Callable, Iterable, Iterator

from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.definition import Format
from ai2text.training_orchestrator.dataset import Claim, DatasetFile
from ai2text.training_orchestrator.formats import nemo
from ai2text.training_orchestrator.hashed_file import HashedFile
from ai2text.training_orchestrator.row_table import RowTable
from ai2text.training_orchestrator.rows import Row
from ai2text.training_orchestrator.version_files import VersionFiles

ROWS = "rows.jsonl"
Blocks = Iterable[bytes]
Files = Callable[[RowTable, str], Iterator[tuple[str, Blocks]]]
"""Of one split: paths, and what is in each, which is read before the next."""


def _nemo(table: RowTable, split: str) -> Iterator[tuple[str, Blocks]]:
    yield nemo.manifest(split), nemo.lines(table.rows(split))


FORMATS: dict[Format, Files] = {Format.NEMO: _nemo}


def write_version(files: VersionFiles, claim: Claim, table: RowTable, splits: Iterable[str]) -> tuple[DatasetFile, ...]:
    """What is listed before the audio; all of it is in the store when this returns."""
    written = [
        _written(files, claim, path, blocks)
        for one in claim.definition.formats
        for split in splits
        for path, blocks in FORMATS[one](table, split)
    ]
    return (*written, _written(files, claim, ROWS, _lines(table.rows())))


def write_references(files: VersionFiles, claim: Claim, table: RowTable) -> str:
    """The key."""
    return _written(files, claim, "", table.references()).key


def _written(files: VersionFiles, claim: Claim, path: str, blocks: Blocks) -> DatasetFile:
    with tempfile.TemporaryFile() as file:
        written = HashedFile(file)
        for block in blocks:
            written.write(block)
        key = files.put(claim, written)
    return DatasetFile(path=path, sha256=written.sha256, bytes=written.size_bytes, key=key)


def _lines(rows: Iterable[Row]) -> Iterator[bytes]:
    return (encode(row) + b"\n" for row in rows)
