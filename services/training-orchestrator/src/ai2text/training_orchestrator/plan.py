"""What a version is made of, decided once: its rows, and which of them one worker makes files of. No I/O here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.definition import PACKED, Codec, Definition
from ai2text.training_orchestrator.dataset import DatasetFile, Report
from ai2text.training_orchestrator.json_lines import lines_of
from ai2text.training_orchestrator.rows import Row

SHARD_ROWS = 20_000
FLAC_SHARE = 0.6
"""Of the samples' bytes; of speech it is less."""
OPUS_BYTES_PER_SECOND = 8_000
"""Of a channel."""
SAMPLE_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Bytes of a file."""

    offset: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRows:
    split: str
    rows: Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """Whole recordings of one split, in the order of their ids."""

    split: str
    number: int
    """Within the split, from 0."""
    of: int
    """Shards of the split."""
    rows: Stretch
    sources: Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAudio:
    """A recording that has rows, as it lies in the store; `path` is what a version calls it."""

    recording_id: str
    life: int
    file: DatasetFile
    """Of one in an archive the key is its `s3://` location, and nobody knows the hash."""
    etag: str | None = None
    """Of one in an archive, when it was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The first one that stands under its number is the truth; the one with the highest number counts."""

    number: int
    """From 1; another one is made when a recording of it was erased before the version was there."""
    rows: DatasetFile
    """The canonical list: JSON lines, a Row each, in the order of splits and ids."""
    sources: DatasetFile
    """JSON lines, a SourceAudio each, in the same order."""
    references_key: str
    """JSON lines, a DatasetReference for each recording."""
    splits: tuple[SplitRows, ...]
    shards: tuple[Shard, ...] = ()
    """None where nothing is packed, cut or converted."""
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardOutcome:
    """The first one that stands is the truth."""

    files: tuple[DatasetFile, ...]
    """That hold audio."""
    audio: tuple[DatasetFile, ...]
    """Under each path that a row's audio has."""


def sources_of(blocks: Iterable[bytes]) -> Iterator[SourceAudio]:
    """Of the plan's list, or of a stretch of it."""
    return (decode(SourceAudio, line) for line in lines_of(blocks))


def has_shards(definition: Definition) -> bool:
    return definition.audio.codec is not Codec.SOURCE or not PACKED.isdisjoint(definition.formats)


def weight(rows: Iterable[Row], source: DatasetFile) -> int:
    """About how many bytes of audio a version has of one recording."""
    return sum(source.bytes if row.codec is Codec.SOURCE else round(row.duration * _byte_rate(row)) for row in rows)


def _byte_rate(row: Row) -> float:
    samples = row.sample_rate_hz * row.channels * SAMPLE_BYTES
    return {Codec.WAV: samples, Codec.FLAC: samples * FLAC_SHARE, Codec.OPUS: OPUS_BYTES_PER_SECOND * row.channels}[
        row.codec
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How far the two files of a plan go after a recording was written into them."""

    rows_end: int
    sources_end: int
    rows: int
    weight: int


def shards_of(split: str, begun: Written, recordings: Iterable[Written], shard_bytes: int) -> Iterator[Shard]:
    """Each up to its size, with one recording at least; none of a split without rows."""
    borders = [begun]
    rows = size = 0
    last = begun
    for written in recordings:
        if rows and (size + written.weight > shard_bytes or rows + written.rows > SHARD_ROWS):
            borders.append(last)
            rows = size = 0
        rows, size, last = rows + written.rows, size + written.weight, written
    if rows:
        borders.append(last)
    for number, (first, after) in enumerate(pairwise(borders)):
        yield Shard(
            split=split,
            number=number,
            of=len(borders) - 1,
            rows=Stretch(offset=first.rows_end, bytes=after.rows_end - first.rows_end),
            sources=Stretch(offset=first.sources_end, bytes=after.sources_end - first.sources_end),
        )
