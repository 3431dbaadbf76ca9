"""One job with one child: its questions answered, its answers checked as a stranger's."""

import math
import re
from collections.abc import Generator
from dataclasses import replace
from typing import Protocol

import structlog
from pydantic import TypeAdapter, ValidationError

from ai2text.audio import protocol, refusals, tags
from ai2text.audio.protocol import Job, PcmFormat, Sound, Verdict
from ai2text.audio.source import AudioSource
from ai2text.common.contracts.recordings import Media
from ai2text.common.errors import Refused

log = structlog.get_logger()

LAST_FRAME_SECONDS = 60.0
"""More than any frame lasts; the child stops at the limit only after the frame that crosses it."""
NOTE_MAX_CHARACTERS = 300
NAME_MAX_CHARACTERS = 100
_SHA256 = re.compile("[0-9a-f]{64}")
_MEDIA = TypeAdapter(Media)
_VERDICT = TypeAdapter(Verdict)


class Partner(Protocol):
    """What is needed of `process.Child`."""

    def begin(self, job: Job, /) -> None: ...
    def send(self, content: bytes) -> None: ...
    def receive(self) -> tuple[bytes, bytes]: ...
    def allow_cpu(self, decoded_seconds: float) -> None: ...


Word = PcmFormat | bytes | Media


def converse(child: Partner, source: AudioSource, job: Job, memory_bytes: int) -> Generator[Word, None, None]:
    """Samples as they come, before them what they are like where that was not settled; then what the recording is.

    Raises Refused, Unavailable and whatever the source raises.
    """
    child.begin(job)
    longest = job.max_duration_seconds + LAST_FRAME_SECONDS
    seconds = 0.0
    pcm = _mono(job.sample_rate_hz)
    while True:
        kind, content = child.receive()
        if kind == protocol.READ:
            child.send(_block(source, content))
        elif kind == protocol.FORMAT and job.sound is not None and pcm is None:
            pcm = _pcm_format(content, job.sound)
            yield pcm
        elif kind == protocol.PCM and pcm is not None:
            seconds += _checked_frames(content, pcm) / pcm.sample_rate_hz
            child.allow_cpu(_within(seconds, longest))
            yield content
        elif kind == protocol.PROGRESS:
            child.allow_cpu(_within(_seconds(content), longest))
        elif kind == protocol.MEDIA and (job.sound is None or pcm is not None):
            yield _media(content, longest)
            return
        elif kind == protocol.VERDICT:
            verdict = _verdict(content)
            refused = refusals.refusal(verdict, job, memory_bytes)
            log.debug(
                "recording_refused_by_decoder", code=refused.code, note=tags.line(verdict.note, NOTE_MAX_CHARACTERS)
            )
            raise refused
        else:
            raise _nonsense()


def _block(source: AudioSource, content: bytes) -> bytes:
    if len(content) != protocol.RANGE.size:
        raise _nonsense()
    offset, length = protocol.RANGE.unpack(content)
    if length > protocol.READ_MAX_BYTES or offset + length > source.size_bytes:
        raise _nonsense()
    return source.read(offset, length)


def _mono(sample_rate_hz: int | None) -> PcmFormat | None:
    return None if sample_rate_hz is None else PcmFormat(sample_rate_hz=sample_rate_hz, channels=1, sample_bytes=2)


def _pcm_format(content: bytes, wanted: Sound) -> PcmFormat:
    if len(content) != protocol.PCM_FORMAT.size:
        raise _nonsense()
    sample_rate_hz, channels, sample_bytes = protocol.PCM_FORMAT.unpack(content)
    if min(sample_rate_hz, channels) < 1 or sample_bytes not in {2, 4}:
        raise _nonsense()
    if wanted.sample_rate_hz not in {None, sample_rate_hz} or (wanted.mono and channels != 1):
        raise _nonsense()
    return PcmFormat(sample_rate_hz=sample_rate_hz, channels=channels, sample_bytes=sample_bytes)


def _checked_frames(content: bytes, pcm: PcmFormat) -> int:
    if not content or len(content) % pcm.frame_bytes:
        raise _nonsense()
    return len(content) // pcm.frame_bytes


def _seconds(content: bytes) -> float:
    if len(content) != protocol.SECONDS.size:
        raise _nonsense()
    return float(protocol.SECONDS.unpack(content)[0])


def _within(seconds: float, longest: float) -> float:
    if not 0 <= seconds <= longest:
        raise _nonsense()
    return seconds


def _media(content: bytes, longest: float) -> Media:
    try:
        media = _MEDIA.validate_json(content)
    except ValidationError as exc:
        raise _nonsense() from exc
    _within(media.duration_seconds, longest)
    if min(media.sample_rate_hz, media.channels) < 1 or not all(map(math.isfinite, _levels(media))):
        raise _nonsense()
    if media.sound_sha256 is not None and not _SHA256.fullmatch(media.sound_sha256):
        raise _nonsense()
    return replace(
        media,
        container=tags.line(media.container, NAME_MAX_CHARACTERS),
        codec=tags.line(media.codec, NAME_MAX_CHARACTERS),
        tags=tags.cleaned(media.tags),
    )


def _levels(media: Media) -> list[float]:
    return [level for level in (media.bit_rate_bps, media.peak_dbfs, media.loudness_lufs) if level is not None]


def _verdict(content: bytes) -> Verdict:
    try:
        return _VERDICT.validate_json(content)
    except ValidationError as exc:
        raise _nonsense() from exc


def _nonsense() -> Refused:
    return refusals.decoder_crashed("makes the decoder answer nonsense")
