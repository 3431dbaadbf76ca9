"""The samples of a recording with all its channels and bits. Runs inside a confined child."""

import itertools
from collections.abc import Iterator

from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from ai2text.audio import protocol, recording
from ai2text.audio.protocol import PcmFormat, Sound

SIXTEEN_BITS = {"u8", "u8p", "s16", "s16p"}
FLOATING = {"flt", "fltp", "dbl", "dblp"}
SAMPLE_FORMATS = {2: "s16", 4: "s32"}


def pcm_format(first: AudioFrame, wanted: Sound, *, lossless: bool) -> PcmFormat:
    """Decoders of lossy codecs compute in floating point whatever was recorded: 16 bits hold what they give."""
    kind = first.format.name
    short = kind in SIXTEEN_BITS or (kind in FLOATING and not lossless)
    return PcmFormat(
        sample_rate_hz=wanted.sample_rate_hz or first.sample_rate,
        channels=1 if wanted.mono else first.layout.nb_channels,
        sample_bytes=2 if short else 4,
    )


def interleaved(frames: Iterator[AudioFrame], layout: str, pcm: PcmFormat) -> Iterator[bytes]:
    """As they are where they are so already. What changes on the way is made like what came first."""
    kind = SAMPLE_FORMATS[pcm.sample_bytes]
    target = "mono" if pcm.channels == 1 else layout
    group_samples = max(1, protocol.PCM_MAX_BYTES // pcm.frame_bytes)
    for _, alike in itertools.groupby(frames, key=lambda f: (f.format.name, f.layout.name, f.sample_rate)):
        resampler = AudioResampler(format=kind, layout=target, rate=pcm.sample_rate_hz)
        for group in itertools.chain(recording.grouped(alike, group_samples), [None]):
            for frame in resampler.resample(group):
                yield bytes(memoryview(frame.planes[0]).cast("B")[: frame.samples * pcm.frame_bytes])
