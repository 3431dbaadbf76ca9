"""NeMo's tarred datasets: each row's file is in the tar of its shard, and each file of a tar has rows."""

import re
import tarfile
from collections.abc import Iterator

from ai2text.training_orchestrator.rules.content import Content
from ai2text.training_orchestrator.rules.nemo import row_faults, span_faults
from ai2text.training_orchestrator.rules.seen import Seen
from ai2text.training_orchestrator.rules.sound_header import HEADER_BYTES, sound_of
from ai2text.training_orchestrator.rules.violation import Document, Say, Violation, check_lines

TARS = "nemo-tarred/*/audio_*.tar"
MANIFESTS = "nemo-tarred/*/sharded_manifests/manifest_*.json"
PLACE = re.compile(r"nemo-tarred/([^/]+)/(?:sharded_manifests/manifest|audio)_([0-9]+)\.(?:json|tar)")
SUB = re.compile(r"-sub[0-9]+(?=\.\w+$)")


def check(content: Content, say: Say) -> int:
    """How many rows the sharded manifests have."""
    tars, manifests = ({_place(path): path for path in content.paths(pattern)} for pattern in (TARS, MANIFESTS))
    for place in sorted(tars.keys() ^ manifests.keys()):
        path = tars.get(place) or manifests[place]
        say(Violation(path=path, why="a shard has a tar file and a manifest of one number, and the other is missing."))
    splits = sorted({split for split, _ in manifests})
    for split in splits:
        numbers = sorted(number for own, number in manifests if own == split)
        if numbers != list(range(len(numbers))):
            say(
                Violation(path=f"nemo-tarred/{split}", why=f"the shards are {numbers}, not one after the other from 0.")
            )
    rows = sum(_check_shard(content, tars[place], manifests[place], say) for place in sorted(tars.keys() & manifests))
    whole = sum(_check_whole(content, split, manifests, say) for split in splits)
    if whole != rows:
        say(Violation(path="nemo-tarred", why=f"the manifests of shards have {rows} rows, those of splits {whole}."))
    return rows


def _place(path: str) -> tuple[str, int]:
    found = PLACE.fullmatch(path)
    return (found[1], int(found[2])) if found else (path, -1)


def _check_shard(content: Content, tar_path: str, path: str, say: Say) -> int:
    _, number = _place(path)
    with Seen() as seen:
        _read_tar(content, tar_path, seen, say)

        def faults(row: Document) -> Iterator[str]:
            if row.get("shard_id") != number:
                yield f"shard_id is {row.get('shard_id')!r}, and this is shard {number}."
            yield from row_faults(row)
            name = SUB.sub("", row["audio_filepath"])
            header = seen.find("file", name)
            if header is None:
                yield f"{row['audio_filepath']!r} is no file of {tar_path}."
                return
            seen.take("unnamed", name)
            yield from span_faults(row, sound_of(bytes.fromhex(header)))
            if not seen.add("row", row["audio_filepath"]):
                yield f"{row['audio_filepath']!r} is the name of another row: it needs a -sub of its own."

        with content.open(path) as lines:
            rows = check_lines(lines, path, faults, say)
        for name in seen.left("unnamed"):
            say(Violation(path=tar_path, why=f"{name} has no row in {path}."))
    return rows


def _read_tar(content: Content, path: str, seen: Seen, say: Say) -> None:
    with content.open(path) as file, tarfile.open(fileobj=file, mode="r:") as tar:
        for member in tar:
            opened = tar.extractfile(member)
            if opened is None or "/" in member.name:
                say(Violation(path=path, why=f"{member.name} is no file without folders."))
                continue
            if not seen.add("file", member.name, opened.read(HEADER_BYTES).hex()):
                say(Violation(path=path, why=f"{member.name} is there twice."))
            seen.add("unnamed", member.name)


def _check_whole(content: Content, split: str, shards: dict[tuple[str, int], str], say: Say) -> int:
    path = f"nemo-tarred/{split}/tarred_audio_manifest.json"

    def faults(row: Document) -> Iterator[str]:
        if (split, row.get("shard_id")) not in shards:
            yield f"shard_id {row.get('shard_id')!r} is no shard of the split."

    if not content.has(path):
        say(Violation(path=path, why="this file is missing."))
        return 0
    with content.open(path) as lines:
        return check_lines(lines, path, faults, say)
