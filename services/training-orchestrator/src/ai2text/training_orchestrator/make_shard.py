"""One shard of a version: the audio of its rows, and the files that hold it. Blocking."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby

import structlog

from ai2text.common.contracts.definition import Codec, Format
from ai2text.common.errors import ObjectChanged, ObjectNotFound, Refused
from ai2text.training_orchestrator.cut_recordings import Cut, CutRecordings
from ai2text.training_orchestrator.dataset import DatasetFile
from ai2text.training_orchestrator.erasures import Erasures
from ai2text.training_orchestrator.formats import hf_parquet, nemo_tarred, packing, webdataset
from ai2text.training_orchestrator.formats.packing import Audio, Pack
from ai2text.training_orchestrator.making import Making
from ai2text.training_orchestrator.plan import Shard, ShardOutcome, SourceAudio, SplitRows, Stretch, sources_of
from ai2text.training_orchestrator.row_file import RowFile
from ai2text.training_orchestrator.row_paths import paths_of
from ai2text.training_orchestrator.rows import Row
from ai2text.training_orchestrator.version_files import VersionFiles

log = structlog.get_logger()

FileOf = Callable[[Row], DatasetFile]


@dataclass(frozen=True, slots=True)
class MakeShard:
    """The use case with what it needs; `side_by_side` recordings are cut at the same time."""

    files: VersionFiles
    cuts: CutRecordings
    erasures: Erasures
    side_by_side: int

    def make_shard(self, making: Making, number: int) -> ShardOutcome | None:
        """Everything in it is in the store when this returns; None when a recording of it was erased meanwhile.

        Raises Refused when the version cannot be made, Unavailable.
        """
        shard = making.plan.shards[number]
        blocks = self.files.stretch(making.plan.sources, shard.sources)
        sources = {one.recording_id: one for one in sources_of(blocks)}
        try:
            outcome = self._made(making, shard, sources)
        except ObjectNotFound as exc:
            if self._erased(making, sources):
                return None
            raise Refused("audio_missing", f"The audio of a recording is not in the object store: {exc}.") from exc
        log.debug("dataset_shard_made", shard=number)
        return None if self._erased(making, sources) else outcome

    def _made(self, making: Making, shard: Shard, sources: dict[str, SourceAudio]) -> ShardOutcome:
        part = packing.Shard(split=shard.split, number=shard.number, of=shard.of)
        whole = SplitRows(split=shard.split, rows=Stretch(offset=0, bytes=shard.rows.bytes))
        with RowFile(self.files.stretch(making.plan.rows, shard.rows), [whole]) as rows:
            own = dict(self._cut(making, rows, sources))

            def audio(row: Row) -> DatasetFile:
                return own[row.id] if row.has_own_file else sources[row.recording_id].file

            return ShardOutcome(
                files=tuple(self._packed(making, part, rows, audio)),
                audio=tuple(_listed(making, rows, own)),
            )

    def _cut(self, making: Making, rows: RowFile, sources: dict[str, SourceAudio]) -> Iterator[Cut]:
        """Nothing for audio that stays as it was taken in."""
        if making.claim.definition.audio.codec is Codec.SOURCE:
            return

        def cut(found: tuple[str, list[Row]]) -> list[Cut]:
            recording_id, own = found
            tenant, source = making.claim.tenant, sources[recording_id]
            with closing(self.cuts.cut_recording(tenant, source, own, anew=making.rebuild > 0)) as made:
                try:
                    return list(made)
                except Refused as exc:
                    raise Refused(exc.code, f"Recording {recording_id} cannot be cut: {exc.detail}") from exc
                except ObjectChanged as exc:
                    why = f"{source.file.key} is no longer what the version was planned with: build a new one."
                    raise Refused("foreign_changed", why) from exc

        recordings = ((one, list(own)) for one, own in groupby(rows.rows(), lambda row: row.recording_id))
        with ThreadPoolExecutor(self.side_by_side, thread_name_prefix="cut") as pool:
            for made in pool.map(cut, recordings):
                yield from made
        log.debug("dataset_audio_cut")

    def _packed(self, making: Making, part: packing.Shard, rows: RowFile, audio: FileOf) -> Iterator[DatasetFile]:
        def packed(row: Row) -> Audio:
            file = audio(row)
            return Audio(size_bytes=file.bytes, blocks=lambda: self.files.blocks(file))

        for wanted in making.claim.definition.formats:
            if wanted in PACKS:
                for path, blocks in PACKS[wanted](part, rows.of(part.split), packed):
                    yield self.files.write(making.claim, path, blocks)

    def _erased(self, making: Making, sources: dict[str, SourceAudio]) -> bool:
        """What was cut out of those that were erased is erased too: they may have been told of before it was there."""
        tenant = making.claim.tenant
        tombstones = self.erasures.tombstones(tenant)
        gone = [one for one in sources.values() if self.erasures.is_erased(tenant, one, tombstones)]
        for source in gone:
            self.cuts.erase(tenant, source)
        return bool(gone)


def _listed(making: Making, rows: RowFile, own: dict[str, DatasetFile]) -> Iterator[DatasetFile]:
    for row in rows.rows() if own else ():
        for path in paths_of(row, making.claim.definition):
            yield replace(own[row.id], path=path)


PACKS: dict[Format, Pack] = {
    Format.NEMO_TARRED: nemo_tarred.pack,
    Format.HF_PARQUET: hf_parquet.pack,
    Format.WEBDATASET: webdataset.pack,
}
