"""The files of a version, from its rows and from what its shards have made. Blocking."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from ai2text.common.contracts.definition import Codec
from ai2text.training_orchestrator.audio_listing import AudioListing
from ai2text.training_orchestrator.dataset import DatasetFile
from ai2text.training_orchestrator.making import Making
from ai2text.training_orchestrator.plan import ShardOutcome, sources_of
from ai2text.training_orchestrator.row_file import RowFile
from ai2text.training_orchestrator.row_paths import paths_of
from ai2text.training_orchestrator.text_files import text_files
from ai2text.training_orchestrator.version_files import VersionFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenVersion:
    files: tuple[DatasetFile, ...]
    audio: DatasetFile
    """See VersionOutcome."""


def write_version(files: VersionFiles, making: Making, shards: Iterable[ShardOutcome]) -> WrittenVersion:
    """All of it is in the store when this returns. Raises ObjectNotFound where the canonical rows are gone."""
    claim, plan = making.claim, making.plan
    packed = list[DatasetFile]()
    with RowFile(files.blocks(plan.rows), plan.splits) as rows, AudioListing() as listing:
        for shard in shards:
            packed += shard.files
            listing.add(shard.audio)
        if claim.definition.audio.codec is Codec.SOURCE:
            listing.add(_sources(files, making, rows))
        written = [files.write(claim, path, blocks) for path, blocks in text_files(claim.definition, plan, rows)]
        audio = files.write(claim, "", listing.lines())
    return WrittenVersion(files=(*written, *packed, plan.rows), audio=audio)


def _sources(files: VersionFiles, making: Making, rows: RowFile) -> Iterator[DatasetFile]:
    """Recordings as they were taken in, under each path that formats give them."""
    sources = sources_of(files.blocks(making.plan.sources))
    recordings = groupby(rows.rows(), lambda row: row.recording_id)
    for source, (_, own) in zip(sources, recordings, strict=True):
        for path in paths_of(next(own), making.claim.definition):
            yield replace(source.file, path=path)
