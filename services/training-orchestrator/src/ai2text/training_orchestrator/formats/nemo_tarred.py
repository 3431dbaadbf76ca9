"""NeMo's tarred datasets: tar files of audio, and rows that name the shard in which theirs is. No I/O here.

A file lies in its tar once, under a name without folders. Several rows of it, told by offsets, need names of their own:
`-sub1`, `-sub2` and so on before the extension, which NeMo takes away to find the file.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from ai2text.training_orchestrator.formats.nemo import fields, nemo_line
from ai2text.training_orchestrator.formats.packing import Audio, Packed, Shard
from ai2text.training_orchestrator.formats.tar import END, entry
from ai2text.training_orchestrator.rows import Row, Rows

FOLDER = "nemo-tarred"


def pack(shard: Shard, rows: Rows, audio: Callable[[Row], Audio]) -> Packed:
    folder = f"{FOLDER}/{shard.split}"
    yield f"{folder}/audio_{shard.number}.tar", _tar(rows(), audio)
    yield f"{folder}/sharded_manifests/manifest_{shard.number}.json", _lines(shard.number, rows())


def files(split: str, shards: Iterable[tuple[int, Rows]]) -> Packed:
    """The rows of all shards of the split by their numbers, beside the tar files."""
    lines = (line for number, rows in shards for line in _lines(number, rows()))
    yield f"{FOLDER}/{split}/tarred_audio_manifest.json", lines


def _tar(rows: Iterable[Row], audio: Callable[[Row], Audio]) -> Iterator[bytes]:
    for _, own in groupby(rows, lambda row: row.file_id):
        first = next(own)
        sound = audio(first)
        yield from entry(_name(first, 0), sound.size_bytes, sound.blocks())
    yield END


def _lines(shard_id: int, rows: Iterable[Row]) -> Iterator[bytes]:
    for _, own in groupby(rows, lambda row: row.file_id):
        for place, row in enumerate(own):
            yield nemo_line({**fields(row, _name(row, place)), "shard_id": shard_id})


def _name(row: Row, place: int) -> str:
    return f"{row.file_id}{f'-sub{place}' if place else ''}.{row.extension}"
