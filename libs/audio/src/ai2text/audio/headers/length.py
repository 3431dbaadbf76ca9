"""What a container tells of the sound in it, where nothing of that is left to be believed."""

from dataclasses import dataclass


class Unsettled(Exception):
    """Head and tail do not tell how much sound there is, or not beyond doubt: decoding all of it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """As decoding the whole recording would find it."""

    container: str
    """FFmpeg's name of it."""
    samples: int
    """Of one channel."""
    sample_rate_hz: int
    channels: int

    def __post_init__(self) -> None:
        if min(self.samples, self.sample_rate_hz, self.channels) < 1:
            raise Unsettled

    @property
    def seconds(self) -> float:
        return self.samples / self.sample_rate_hz
