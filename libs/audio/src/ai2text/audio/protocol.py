"""What a decoding child and its parent say to each other over their connection: one byte of kind, then the content.

    parent -> child   one Job, and blocks of bytes, each the answer to one READ
    child -> parent   READY, any number of READ, PCM and PROGRESS, and one MEDIA or VERDICT

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
PCM = b"a"
"""Mono s16 samples at the rate of the job."""
PROGRESS = b"p"
"""`SECONDS`: how much has been decoded."""
MEDIA = b"m"
"""JSON of `ai2text.common.contracts.recordings.Media`."""
VERDICT = b"v"
"""JSON of `Verdict`: why there will be no Media."""

RANGE = struct.Struct(">QI")
SECONDS = struct.Struct(">d")
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
class Job:
    size_bytes: int
    sample_rate_hz: int | None
    """None measures the recording without resampling it or handing samples out."""
    channel: int | None = None
    """To hand out, from 0; None mixes them."""
    max_duration_seconds: float

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, content: bytes) -> Self:
        return cls(**json.loads(content))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    code: str
    """A key of `refusals.GROUNDS`, `out_of_memory`, or `failed`."""
    decoded_seconds: float = 0.0
    claimed_seconds: float | None = None
    note: str = ""
    """For the log only."""
