"""The files of a version, from its rows. Blocking."""

import tempfile
from collections.abc import Callable, Iterable, Iterator

from ai2text.common.contracts.codec import encode
from ai2text.common.contracts.definition import Format
from ai2text.training_orchestrator.dataset import Claim, DatasetFile
from ai2text.training_orchestrator.formats import hugging_face, kaldi, lhotse, nemo, webdataset
from ai2text.training_orchestrator.hashed_file import HashedFile
from ai2text.training_orchestrator.row_table import RowTable
from ai2text.training_orchestrator.rows import Row
from ai2text.training_orchestrator.version_files import VersionFiles

ROWS = "rows.jsonl"
BY_REFERENCE = {Format.NEMO, Format.KALDI, Format.LHOTSE}
"""Formats that name recordings by their path."""
Files = Iterator[tuple[str, Iterable[bytes]]]
"""Paths, and what is in each, which is read before the next one is asked for."""


def write_version(files: VersionFiles, claim: Claim, table: RowTable, splits: Iterable[str]) -> tuple[DatasetFile, ...]:
    """All of it is in the store when this returns."""
    formats, names = claim.definition.formats, sorted(splits)
    written = [
        _written(files, claim, path, blocks)
        for wanted in formats
        for path, blocks in FORMATS[wanted](table, names, files)
    ]
    return (*written, _written(files, claim, ROWS, (encode(row) + b"\n" for row in table.rows())))


def write_audio_listing(files: VersionFiles, claim: Claim, table: RowTable) -> DatasetFile:
    """Recordings as they lie in the store, under the paths that the formats give them."""
    formats = set(claim.definition.formats)
    if formats & BY_REFERENCE:
        table.list_audio(table.audio())
    if Format.HUGGING_FACE in formats:
        table.list_audio(_beside_metadata(table))
    return _written(files, claim, "", table.audio_listing())


def write_references(files: VersionFiles, claim: Claim, table: RowTable) -> str:
    """The key."""
    return _written(files, claim, "", table.references()).key


def _written(files: VersionFiles, claim: Claim, path: str, blocks: Iterable[bytes]) -> DatasetFile:
    with tempfile.TemporaryFile() as file:
        written = HashedFile(file)
        for block in blocks:
            written.write(block)
        key = files.put(claim, written)
    return DatasetFile(path=path, sha256=written.sha256, bytes=written.size_bytes, key=key)


def _nemo(table: RowTable, splits: list[str], _: VersionFiles) -> Files:
    for split in splits:
        yield nemo.manifest(split), nemo.lines(table.rows(split))


def _kaldi(table: RowTable, splits: list[str], _: VersionFiles) -> Files:
    for split in splits:
        yield from kaldi.files(split, table.of(split), table.by_voice(split))


def _lhotse(table: RowTable, splits: list[str], _: VersionFiles) -> Files:
    for split in splits:
        yield from lhotse.files(split, table.of(split))


def _hugging_face(table: RowTable, splits: list[str], _: VersionFiles) -> Files:
    yield f"{hugging_face.FOLDER}/README.md", [hugging_face.readme(splits)]
    for split in splits:
        yield from hugging_face.files(split, table.of(split))


def _webdataset(table: RowTable, splits: list[str], files: VersionFiles) -> Files:
    def audio(row: Row) -> webdataset.Audio:
        found = table.audio_of(row.recording_id)
        return webdataset.Audio(size_bytes=found.bytes, blocks=lambda: files.blocks(found))

    for split in splits:
        yield from webdataset.files(split, table.of(split), audio)


def _beside_metadata(table: RowTable) -> Iterator[DatasetFile]:
    """The same objects under other paths."""
    for row in table.rows():
        audio = table.audio_of(row.recording_id)
        path = hugging_face.audio_path(row)
        yield DatasetFile(path=path, sha256=audio.sha256, bytes=audio.bytes, key=audio.key)


FORMATS: dict[Format, Callable[[RowTable, list[str], VersionFiles], Files]] = {
    Format.NEMO: _nemo,
    Format.KALDI: _kaldi,
    Format.LHOTSE: _lhotse,
    Format.HUGGING_FACE: _hugging_face,
    Format.WEBDATASET: _webdataset,
}
