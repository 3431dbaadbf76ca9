"""A recording as the samples that Whisper wants."""

from collections.abc import Generator
from contextlib import closing

import numpy as np
import numpy.typing as npt

from ai2text.audio import plain_wave
from ai2text.audio.sandbox import MAX_DURATION_SECONDS, Sandbox
from ai2text.audio.source import AudioSource

FULL_SCALE = 32768.0


def decode(
    sandbox: Sandbox,
    source: AudioSource,
    *,
    sample_rate_hz: int = 16_000,
    channel: int | None = None,
    max_duration_seconds: float = MAX_DURATION_SECONDS,
) -> Generator[npt.NDArray[np.float32], None, None]:
    """Mono samples from -1 to 1 in one-dimensional chunks of about 10 to 30 s, the last one shorter.

    Joined they equal what `faster_whisper.audio.decode_audio` returns, unless one channel is asked for, from 0; where
    the recording has no such channel there is silence. A child is held from the first chunk until the
    iterator is exhausted or closed; none is needed for a WAV whose samples are as they are wanted. Raises what `probe`
    raises; `truncated` and the like only after the last chunk.
    """
    samples = plain_wave.find(source, sample_rate_hz) if not channel else None
    if samples is not None and len(samples) <= max_duration_seconds * sample_rate_hz * plain_wave.SAMPLE_BYTES:
        yield from map(_samples, plain_wave.blocks(source, samples, sample_rate_hz))
        return
    with closing(
        sandbox.run(source, sample_rate_hz=sample_rate_hz, channel=channel, max_duration_seconds=max_duration_seconds)
    ) as said:
        yield from (_samples(word) for word in said if isinstance(word, bytes))


def _samples(content: bytes) -> npt.NDArray[np.float32]:
    return np.frombuffer(content, dtype="<i2").astype(np.float32) / FULL_SCALE
