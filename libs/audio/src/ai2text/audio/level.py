"""How loud a recording is: its peak, and its loudness after EBU R128 (ITU-R BS.1770). Runs inside a confined child."""

import math
from collections.abc import Iterator
from fractions import Fraction

import av.error
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.filter.context import FilterContext

WHOLE_SECONDS = 60
"""So much from the beginning is measured without gaps."""
ONE_OF = 10
"""After that the loudness of every tenth second stands for all: the filter costs more than decoding does."""
MAX_CHANNELS = 8
RATES_HZ = range(8_000, 192_001)
MAX_SAMPLES_PER_SECOND = 400_000
"""Of all channels together. Outside of these the weighting is not defined or takes much memory: there is no level."""
BLOCK_BYTES = 1 << 20
"""What is collected before the filters see it: a second, or less of what is wide."""
GATE_LUFS = -70.0
"""Quieter blocks count as silence, which has no loudness."""

LOUDNESS = ("ebur128", "metadata=1")
PEAK = ("astats", "metadata=1:measure_perchannel=none:measure_overall=Peak_level")


class Meter:
    """Fed with every frame, in order; the loudness filter holds about three seconds of sound."""

    def __init__(self) -> None:
        self._fifo = AudioFifo()
        self._block_samples = 0
        self._kind: tuple[int, str, int] | None = None
        self._part: Part | None = None
        self._finished: list[Part] = []

    def add(self, frame: AudioFrame) -> None:
        frame.pts = None  # gaps between timestamps are not filled
        kind = (frame.layout.nb_channels, frame.format.name, frame.sample_rate)
        if kind != self._kind:  # the queue itself would take a mono frame for a stereo one
            self._finish_part()
            self._kind = kind
            self._block_samples = _block_samples(frame)
        if not self._block_samples:
            return
        self._fifo.write(frame)
        if self._fifo.samples >= self._block_samples:
            self._measure()

    def peak_dbfs(self) -> float | None:
        """Of a sample, in relation to full scale; None for digital silence."""
        return max((part.peak_dbfs for part in self._all() if part.peak_dbfs is not None), default=None)

    def loudness_lufs(self) -> float | None:
        """Integrated; None for silence and for less than 0.4 s of sound."""
        parts = [(part.seconds, part.loudness_lufs) for part in self._all() if part.loudness_lufs is not None]
        if not parts:
            return None
        power = math.fsum(seconds * 10 ** (loudness / 10) for seconds, loudness in parts)
        return round(10 * math.log10(power / math.fsum(seconds for seconds, _ in parts)), 2)

    def _all(self) -> list["Part"]:
        self._finish_part()
        return self._finished

    def _finish_part(self) -> None:
        self._measure()
        if self._part is not None:
            self._part.finish()
            self._finished.append(self._part)
        self._part, self._fifo = None, AudioFifo()

    def _measure(self) -> None:
        sound = self._fifo.read()
        if sound is None:
            return
        if self._part is None:
            self._part = Part(sound)
        self._part.add(sound)


def _block_samples(frame: AudioFrame) -> int:
    """Of each channel; 0 for sound that has no level."""
    channels, rate_hz = frame.layout.nb_channels, frame.sample_rate
    if channels > MAX_CHANNELS or rate_hz not in RATES_HZ or channels * rate_hz > MAX_SAMPLES_PER_SECOND:
        return 0
    return min(rate_hz, BLOCK_BYTES // (channels * frame.format.bytes))


class Part:
    """The whole of an ordinary recording, or what is of one format where the format changes on the way."""

    def __init__(self, like: AudioFrame) -> None:
        self.seconds = 0.0
        self.peak_dbfs: float | None = None
        self.loudness_lufs: float | None = None
        self._like = like
        self._heard = _PREPARED.pop() if _PREPARED else Filters(LOUDNESS, PEAK)
        self._heard.connect(like)
        self._skipped: Filters | None = None

    def add(self, sound: AudioFrame) -> None:
        if self.seconds < WHOLE_SECONDS or int(self.seconds) % ONE_OF == 0:
            self._heard.push(sound)
        else:
            self._skip(sound)
        self.seconds += sound.samples / sound.sample_rate

    def _skip(self, sound: AudioFrame) -> None:
        if self._skipped is None:
            self._skipped = Filters(PEAK)
            self._skipped.connect(self._like)
        self._skipped.push(sound)

    def finish(self) -> None:
        self._heard.push(None)
        peaks = [filters.said("lavfi.astats.Overall.Peak_level") for filters in (self._heard, self._skipped) if filters]
        self.peak_dbfs = max((peak for peak in peaks if peak is not None), default=None)
        loudness = self._heard.said("lavfi.r128.I")
        self.loudness_lufs = loudness if loudness is not None and loudness > GATE_LUFS else None


class Filters:
    """Some of FFmpeg's in a row, that note what they measure beside each frame."""

    def __init__(self, *filters: tuple[str, str]) -> None:
        self._graph = Graph()  # its filters do not keep it alive
        self._graph.threads = 1
        self._row = [self._graph.add(name, options) for name, options in filters]
        self._latest: dict[str, str] = {}

    def connect(self, like: AudioFrame) -> None:
        self._source = self._graph.add_abuffer(
            sample_rate=like.sample_rate,
            format=like.format.name,
            layout=like.layout,
            time_base=Fraction(1, like.sample_rate),
        )
        self._sink = self._graph.add("abuffersink")
        self._graph.link_nodes(self._source, *self._row, self._sink).configure()

    def push(self, sound: AudioFrame | None) -> None:
        self._source.push(sound)
        for frame in _pulled(self._sink):
            self._latest |= frame.metadata

    def said(self, key: str) -> float | None:
        """None for what is not finite, or was never said."""
        value = float(self._latest.get(key, "nan"))
        return value if math.isfinite(value) else None


_PREPARED: list[Filters] = []


def prepare() -> None:
    """Done by the fork server for its children: the loudness filter's tables cost more than a second of sound."""
    _PREPARED.append(Filters(LOUDNESS, PEAK))


def _pulled(sink: FilterContext) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = sink.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if isinstance(frame, AudioFrame):
            yield frame
