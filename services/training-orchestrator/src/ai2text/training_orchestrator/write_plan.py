"""The rows that were chosen become the canonical list, and the list is divided into shards. Blocking."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby

from ai2text.common.contracts.codec import encode
from ai2text.training_orchestrator.dataset import Claim, DatasetFile, Report
from ai2text.training_orchestrator.hashed_file import HashedFile
from ai2text.training_orchestrator.plan import Plan, Shard, SplitRows, Stretch, Written, has_shards, shards_of, weight
from ai2text.training_orchestrator.row_table import RowTable
from ai2text.training_orchestrator.version_files import VersionFiles

ROWS = "rows.jsonl"


def write_plan(
    files: VersionFiles, claim: Claim, number: int, table: RowTable, report: Report, *, shard_bytes: int
) -> Plan:
    """Its files are in the store when this returns; itself is not."""
    with ExitStack() as stack:
        both = _Lists(
            rows=HashedFile(stack.enter_context(tempfile.TemporaryFile())),
            sources=HashedFile(stack.enter_context(tempfile.TemporaryFile())),
        )
        splits, shards = list[SplitRows](), list[Shard]()
        for split in sorted(report.splits):
            begun = both.written()
            found = list(shards_of(split, begun, both.write(table, split), shard_bytes))
            rows = Stretch(offset=begun.rows_end, bytes=both.rows.size_bytes - begun.rows_end)
            splits.append(SplitRows(split=split, rows=rows))
            shards += found if has_shards(claim.definition) else []
        return Plan(
            number=number,
            rows=_stored(files, claim, ROWS, both.rows),
            sources=_stored(files, claim, "", both.sources),
            references_key=files.write(claim, "", table.references()).key,
            splits=tuple(splits),
            shards=tuple(shards),
            report=report,
        )


def _stored(files: VersionFiles, claim: Claim, path: str, written: HashedFile) -> DatasetFile:
    return DatasetFile(path=path, sha256=written.sha256, bytes=written.size_bytes, key=files.put(claim, written))


@dataclass(frozen=True, slots=True)
class _Lists:
    rows: HashedFile
    sources: HashedFile

    def written(self, rows: int = 0, size: int = 0) -> Written:
        return Written(rows_end=self.rows.size_bytes, sources_end=self.sources.size_bytes, rows=rows, weight=size)

    def write(self, table: RowTable, split: str) -> Iterator[Written]:
        """One recording after the other."""
        for recording_id, found in groupby(table.rows(split), lambda row: row.recording_id):
            own, source = list(found), table.source_of(recording_id)
            self.sources.write(encode(source) + b"\n")
            for row in own:
                self.rows.write(encode(row) + b"\n")
            yield self.written(len(own), weight(own, source.file))
