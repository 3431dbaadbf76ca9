"""Samples that were decoded by a child become a file again: the same samples always the same bytes.

Runs outside of the children: what it encodes is samples and nothing else. FFmpeg's bit-exact mode leaves its version
out, and gives the Ogg stream the serial number 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO, cast

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.stream import AudioStream

from ai2text.audio.protocol import PcmFormat
from ai2text.common.contracts.definition import Codec
from ai2text.common.errors import Refused

LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""By the number of channels, as FLAC and Opus define them."""
OPUS_BITS_PER_SECOND = 48_000
"""Of one channel; speech of the full band is said to be transparent from 40,000."""
WAVE_MAX_BYTES = (1 << 32) - (1 << 16)
"""Beyond that the sizes in its header have no room, and it becomes an RF64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    muxer: str
    encoders: Mapping[int, str]
    """By the bytes of a sample."""
    options: Mapping[str, str] = field(default_factory=dict)


RECIPES = {
    Codec.WAV: Recipe(muxer="wav", encoders={2: "pcm_s16le", 4: "pcm_s24le"}),
    # Its other predictors are computed in floating point, and differ with what the processor can do; these take
    # about 4 % more room for speech.
    Codec.FLAC: Recipe(muxer="flac", encoders={2: "flac", 4: "flac"}, options={"lpc_type": "fixed"}),
    Codec.OPUS: Recipe(muxer="ogg", encoders={2: "libopus", 4: "libopus"}),
}


class Encoder:
    """Writes a file of `codec` with `frames` samples of each channel into `file`, which is empty and can be sought in.

    `file` stays open. Raises Refused, `not_encodable`, for samples that the codec cannot hold.
    """

    def __init__(self, file: BinaryIO, codec: Codec, pcm: PcmFormat, frames: int) -> None:
        self._pcm = pcm
        self._format = "s16" if pcm.sample_bytes == 2 else "s32"  # noqa: PLR2004 - bytes of 16 bits
        self._position = 0
        recipe = RECIPES[codec]
        long = codec is Codec.WAV and frames * pcm.frame_bytes > WAVE_MAX_BYTES
        self._container = av.open(
            file,
            "w",
            format=recipe.muxer,
            container_options={"fflags": "+bitexact", **({"rf64": "always"} if long else {})},
        )
        self._layout = AudioLayout(LAYOUTS.get(pcm.channels, f"{pcm.channels} channels"))
        try:
            self._stream = self._opened(recipe, codec)
        except (av.error.FFmpegError, ValueError) as exc:
            raise not_encodable(codec, pcm) from exc

    def _opened(self, recipe: Recipe, codec: Codec) -> AudioStream:
        pcm = self._pcm
        stream = cast(
            "AudioStream",
            self._container.add_stream(
                recipe.encoders[pcm.sample_bytes],
                rate=pcm.sample_rate_hz,
                layout=self._layout.name,
                options={"flags": "+bitexact", **recipe.options},
            ),
        )
        context = stream.codec_context
        context.thread_count = 1
        context.format = "s16" if codec is Codec.OPUS else self._format
        if codec is Codec.OPUS:
            context.bit_rate = OPUS_BITS_PER_SECOND * pcm.channels
        context.open()
        self._container.start_encoding()
        return stream

    def write(self, block: bytes | memoryview) -> None:
        """Of whole frames."""
        samples = np.frombuffer(block, dtype="<i2" if self._pcm.sample_bytes == 2 else "<i4")  # noqa: PLR2004 - as above
        frame = AudioFrame.from_ndarray(samples[None], format=self._format, layout=self._layout.name)
        frame.sample_rate = self._pcm.sample_rate_hz
        frame.time_base = Fraction(1, self._pcm.sample_rate_hz)
        frame.pts = self._position
        self._position += frame.samples
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Writes what is left; without it the file is not one."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def close(self) -> None:
        self._container.close()


def not_encodable(codec: Codec, pcm: PcmFormat) -> Refused:
    return Refused(
        "not_encodable",
        f"{codec} cannot hold {pcm.channels} channels at {pcm.sample_rate_hz} Hz: "
        "choose another audio.codec, audio.sample_rate_hz or audio.mono.",
    )
