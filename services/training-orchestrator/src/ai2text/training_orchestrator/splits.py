"""Which split a row is in: by a hash, so that none ever moves as data grows. No I/O here.

Neither the dataset nor its name is part of the hash: with the same fractions a speaker is in the same split of each.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from ai2text.common.contracts.datasets import TranscribedRecording, TranscribedSegment

NAMELESS = re.compile(r"(channel|speaker|spk)?[ _-]*([0-9]+|[a-z])", re.IGNORECASE)
"""Labels that tell voices of one recording apart, and are other people's in the next one."""


def named_speaker(label: str | None) -> str | None:
    """None for nobody, and for a label that is no name."""
    name = " ".join((label or "").split())
    return None if not name or NAMELESS.fullmatch(name) else name


def speaker_key(recording_id: str, speaker: str | None) -> str:
    """By which somebody is known everywhere; who has no name only within the recording."""
    return f"speaker/{speaker}" if speaker else f"recording/{recording_id}"


def split_of(key: str, splits: Mapping[str, float]) -> str:
    """Fractions are laid one after the other in the order of the names, however they were written down."""
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
    *names, last = sorted(splits)
    reached = 0.0
    for name in names:
        reached += splits[name]
        if place < reached:
            return name
    return last


def split_of_recording(recording: TranscribedRecording, splits: Mapping[str, float]) -> str:
    """That of the speaker who says most, the first of the alphabet among equals."""
    return split_of(speaker_key(recording.recording_id, _main_speaker(recording)), splits)


def named_speakers(segments: Iterable[TranscribedSegment]) -> set[str]:
    return {name for segment in segments if (name := named_speaker(segment.speaker))}


def _main_speaker(recording: TranscribedRecording) -> str | None:
    spoken: defaultdict[str, float] = defaultdict(float)
    for segment in recording.segments:
        if name := named_speaker(segment.speaker):
            spoken[name] += segment.end - segment.start
    return min(spoken, key=lambda name: (-spoken[name], name), default=None)


def joins_two(speakers: Iterable[str], split: str, splits: Mapping[str, float]) -> bool:
    """Whether somebody who speaks in a row of `split` belongs to another one."""
    return any(split_of(speaker_key("", one), splits) != split for one in speakers)
