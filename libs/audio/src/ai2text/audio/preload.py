"""Called by the fork server, so that children are born with everything a job needs already loaded.

After the filter is installed nothing can be opened any more, so what FFmpeg and Python load late is used once here.
"""

import gc
import io
import struct

import av.subtitles.codeccontext
import av.subtitles.stream
from av.codec.context import CodecContext

from ai2text.audio import claims, level, recording, seccomp, tags
from ai2text.audio.sound_digest import SoundDigest

__all__ = ["av", "warm_up"]

FORMAT = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
SILENCE = bytes(3200)


DECODERS = ("aac", "mp3float", "opus")
"""Each computes its tables when it is opened for the first time: here, not in every child."""


def warm_up() -> None:
    _decode_silence()
    level.prepare()
    seccomp.prepare()
    seccomp.prctl(0, 0)  # no option: it is only looked up in the C library
    gc.collect()
    gc.freeze()  # the children's collector leaves the shared pages alone


def _decode_silence() -> None:
    for name in DECODERS:
        CodecContext.create(name, "r").open()
    chunks = _chunk(b"fmt ", FORMAT) + _chunk(b"data", SILENCE)
    wave = _chunk(b"RIFF", b"WAVE" + chunks)
    file = io.BytesIO(wave)
    claims.promised_share(file, len(wave))
    file.seek(0, io.SEEK_SET)
    container, _ = recording.open_recording(file)
    with container:
        stream = recording.audio_stream(container)
        tally = recording.Tally()
        frames = list(recording.decoded(container, stream, tally, 1.0, SoundDigest("wav")))
        meter = level.Meter()
        for frame in frames:
            meter.add(frame)
        meter.loudness_lufs()
        for _ in recording.resampled(iter(frames), 8000):
            pass
        tags.cleaned(container.metadata)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content
