"""A WAV that is what Whisper wants already: its samples are there to be read, and no decoder needs to be trusted."""

import io
import struct
from collections.abc import Generator

from ai2text.audio import claims
from ai2text.audio.source import AudioSource

HEAD_BYTES = 1 << 16
FORMAT = struct.Struct("<HHIIHH")
SAMPLE_BYTES = 2
BLOCK_SECONDS = 30


def find(source: AudioSource, sample_rate_hz: int) -> range | None:
    """Where the samples stand, in bytes: mono, 16 bits, of this rate.

    None for everything else, and where anything at all is unusual: FFmpeg shall judge. Raises what `source` raises.
    """
    head = source.read(0, min(HEAD_BYTES, source.size_bytes))
    whole = int.from_bytes(head[4:8], "little") + 8 == source.size_bytes
    if not whole or claims.may_hide_another_codec(io.BytesIO(head)):
        return None
    known = False
    for name, content, size in claims.wave_chunks(io.BytesIO(head)):
        if name == b"fmt ":
            if known or size < FORMAT.size or head[content : content + FORMAT.size] != _format(sample_rate_hz):
                return None
            known = True
        if name == b"data":
            whole = content + size == source.size_bytes and size > 0 and size % SAMPLE_BYTES == 0
            return range(content, content + size) if known and whole else None
    return None


def blocks(source: AudioSource, samples: range, sample_rate_hz: int) -> Generator[bytes, None, None]:
    """Raises what `source` raises."""
    step = BLOCK_SECONDS * sample_rate_hz * SAMPLE_BYTES
    for start in range(samples.start, samples.stop, step):
        yield source.read(start, min(step, samples.stop - start))


def _format(sample_rate_hz: int) -> bytes:
    """PCM, one channel."""
    return FORMAT.pack(1, 1, sample_rate_hz, sample_rate_hz * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES)
