"""A large upload that arrives in parts: what is kept of it, under which keys, and when it is complete. No I/O here."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ai2text.common.errors import Refused
from ai2text.common.object_store import StoredObject

PART_BYTES_MIN = 5 << 20
"""Of all parts but the last: S3 puts no smaller ones together."""
PARTS_MOST = 10_000
"""Of one object, likewise."""
NAMED_MOST = 20
PART_NAME = re.compile(r"part-(\d{5})-(\d+)-([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """As it was opened; stands in the bucket, so that every replica knows it."""

    upload_id: str
    tenant: str
    subject: str
    fields: dict[str, str]
    """As those of an upload in one piece: name, tags, language, model, lane, prompt, temperature, task, options."""
    size_bytes: int | None = None
    sha256: str | None = None
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What an upload led to. Of one in parts it is kept until it is swept, so that asking twice is answered alike."""

    recording_id: str
    job_id: str
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Its key names its content, so what was once seen under it never changes."""

    number: int
    sha256: str
    object: StoredObject

    @property
    def size_bytes(self) -> int:
        return self.object.size_bytes


def staging_prefix(tenant: str, staged_id: str) -> str:
    return f"{tenant}/staging/{staged_id}/"


def part_key(prefix: str, number: int, size_bytes: int, sha256: str) -> str:
    return f"{prefix}part-{number:05d}-{size_bytes}-{sha256}"


def parts_among(objects: Iterable[StoredObject]) -> list[Part]:
    """In order. One whose size is not the one in its name is what a killed writer left, and counts as absent."""
    found: dict[int, Part] = {}
    for stored in objects:
        match = PART_NAME.fullmatch(stored.key.rpartition("/")[2])
        if match and stored.size_bytes == int(match[2]):
            found[int(match[1])] = Part(number=int(match[1]), sha256=match[3], object=stored)
    return [found[number] for number in sorted(found)]


def chosen(parts: Sequence[Part], named: Sequence[int] | None, size_bytes: int | None) -> list[Part]:
    """The parts that make the recording; raises Refused, naming what is missing or out of order."""
    there = {part.number: part for part in parts}
    wanted = list(named) if named is not None else list(range(1, max(there, default=0) + 1))
    if not wanted:
        raise Refused("parts_missing", "No part has arrived: send them first.")
    if wanted != sorted(set(wanted)):
        raise Refused("parts_out_of_order", f"Name each part once, in rising order, not {_shown(wanted)}.")
    if missing := [number for number in wanted if number not in there]:
        raise Refused("parts_missing", f"These parts have not arrived: {_shown(missing)}.")
    taken = [there[number] for number in wanted]
    if small := [part.number for part in taken[:-1] if part.size_bytes < PART_BYTES_MIN]:
        raise Refused(
            "parts_too_small", f"All parts but the last want {PART_BYTES_MIN} bytes: send {_shown(small)} anew."
        )
    total = sum(part.size_bytes for part in taken)
    if size_bytes is not None and total != size_bytes:
        raise Refused("size_mismatch", f"The upload was to have {size_bytes} bytes, its parts have {total}.")
    return taken


def fields_of(asked: Mapping[str, object]) -> dict[str, str]:
    """As the fields of a form are sent: lists separated by commas, objects as JSON, nothing for what was left out."""
    return {name: _text_of(value) for name, value in asked.items() if value is not None}


def _text_of(value: object) -> str:
    """JSON knows halves of characters, which a form cannot have."""
    if isinstance(value, dict):
        return json.dumps(value)
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text.encode("utf-8", "replace").decode()


def _shown(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - NAMED_MOST} more" if len(numbers) > NAMED_MOST else ""
    return ", ".join(map(str, numbers[:NAMED_MOST])) + more
