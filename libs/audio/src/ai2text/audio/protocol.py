"""What a decoding child and its parent say to each other over their connection: one byte of kind, then the content.

    parent -> child   one Job, and blocks of bytes, each the answer to one READ
    child -> parent   READY, any number of READ, PCM and PROGRESS, and one MEDIA or VERDICT
                      where `Job.sound` is wanted, one FORMAT before the first PCM

The child is taken to be hostile: nothing here is pickled, and the parent checks every length and number.
Kept free of heavy imports, because both sides load it.
"""

import json
import struct
from dataclasses import asdict, dataclass
from typing import Self

READY = b"h"
"""One byte: 1 when the seccomp filter is in force."""
READ = b"r"
"""`RANGE`: the bytes wanted."""
FORMAT = b"f"
"""`PCM_FORMAT`: what the samples are like."""
PCM = b"a"
"""Samples: mono s16 at the rate of the job, or whole frames of what FORMAT told."""
PROGRESS = b"p"
"""`SECONDS`: how much has been decoded."""
MEDIA = b"m"
"""JSON of `ai2text.common.contracts.recordings.Media`."""
VERDICT = b"v"
"""JSON of `Verdict`: why there will be no Media."""

RANGE = struct.Struct(">QI")
SECONDS = struct.Struct(">d")
PCM_FORMAT = struct.Struct(">IHB")
"""`PcmFormat`."""
WORD = struct.Struct("=q")
"""The fork server's, of a child: first its pid, in the end its exit status."""
READ_MAX_BYTES = 1 << 20
PCM_MAX_BYTES = 1 << 20
"""32.8 s at 16 kHz."""
MESSAGE_MAX_BYTES = 1 + PCM_MAX_BYTES
JOB_MAX_BYTES = 1000
PROGRESS_SECONDS = 60.0
"""Decoded audio between two PROGRESS messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A recording as it sounds, with all of its bits."""

    sample_rate_hz: int | None = None
    """None leaves it at its own rate."""
    mono: bool = False
    """Mixes its channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PcmFormat:
    """Of interleaved little-endian samples."""

    sample_rate_hz: int
    channels: int
    sample_bytes: int
    """2, or 4 for samples of 24 bits, which stand in the upper three."""

    @property
    def frame_bytes(self) -> int:
        """One sample of each channel."""
        return self.channels * self.sample_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    size_bytes: int
    sample_rate_hz: int | None = None
    """Of mono s16; None hands no such samples out."""
    channel: int | None = None
    """To hand out, from 0; None mixes them."""
    sound: Sound | None = None
    """Hands out these samples instead. Without either the recording is measured."""
    max_duration_seconds: float

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, content: bytes) -> Self:
        fields = json.loads(content)
        sound = fields.pop("sound")
        return cls(**fields, sound=None if sound is None else Sound(**sound))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    code: str
    """A key of `refusals.GROUNDS`, `out_of_memory`, or `failed`."""
    decoded_seconds: float = 0.0
    claimed_seconds: float | None = None
    note: str = ""
    """For the log only."""
