"""WebDataset's shards: every sample whole, under a key of its own."""

import json
import re
import tarfile
from collections.abc import Iterator
from itertools import groupby

from ai2text.training_orchestrator.rules.content import Content
from ai2text.training_orchestrator.rules.seen import Seen
from ai2text.training_orchestrator.rules.sound_header import HEADER_BYTES, Sound, sound_of
from ai2text.training_orchestrator.rules.violation import Say, Violation

SHARD = re.compile(r"webdataset/([a-z0-9_]+)-([0-9]{6})\.tar")


def check(content: Content, say: Say) -> int:
    """How many samples there are."""
    paths, rows = list(content.paths("webdataset/*.tar")), 0
    _check_numbers(paths, say)
    with Seen() as seen:
        for path in paths:
            rows += _check_shard(content, path, seen, say)
    return rows


def _check_numbers(paths: list[str], say: Say) -> None:
    found = [match for path in paths if (match := SHARD.fullmatch(path))]
    for split, own in groupby(found, lambda match: match[1]):
        numbers = [int(match[2]) for match in own]
        if numbers != list(range(len(numbers))):
            say(Violation(path=f"webdataset/{split}", why=f"the shards are {numbers}, not one after the other from 0."))


def _check_shard(content: Content, path: str, seen: Seen, say: Say) -> int:
    rows = 0
    with content.open(path) as file, tarfile.open(fileobj=file, mode="r:") as tar:
        for key, members in groupby(tar, lambda member: member.name.partition(".")[0]):
            rows += 1
            if not seen.add("sample", key):
                say(Violation(path=path, why=f"the sample {key} is there twice, or its files are apart."))
            for why in _faults(tar, list(members)):
                say(Violation(path=path, why=f"the sample {key} {why}"))
    return rows


def _faults(tar: tarfile.TarFile, members: list[tarfile.TarInfo]) -> Iterator[str]:
    """A key ends at the first dot of a name."""
    by_extension = {member.name.partition(".")[2]: member for member in members}
    if len(members) != 2 or "json" not in by_extension:  # noqa: PLR2004 - audio and what is said in it
        yield f"has {', '.join(by_extension)}, not audio and json."
        return
    about = _content(tar, by_extension.pop("json"))
    (audio,) = by_extension.values()
    try:
        told = json.loads(about)
    except (RecursionError, ValueError) as exc:
        yield f"has no JSON: {exc}."
        return
    if not isinstance(told, dict) or not isinstance(told.get("text"), str):
        yield "has no text."
        return
    sound = _sound(tar, audio)
    if sound and "duration" in told and not sound.is_as_long_as(told["duration"]):
        yield f"has a duration of {told['duration']}, and its audio {sound.seconds:.4f} seconds."


def _sound(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Sound | None:
    return sound_of(_content(tar, member, HEADER_BYTES))


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo, most_bytes: int = -1) -> bytes:
    opened = tar.extractfile(member)
    return opened.read(most_bytes) if opened else b""
