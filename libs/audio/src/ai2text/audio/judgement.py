"""Whether what was decoded is the recording that the file announces. Runs inside a confined child."""

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from ai2text.audio.protocol import Verdict
from ai2text.audio.recording import Tally, UnusableError

BROKEN_FEW = 3
BROKEN_SHARE = 0.1
"""Players skip a few broken packets and so do we; with more than this it is no longer the recording."""
TOLERANCE_SECONDS = 0.5
TOLERANCE_SHARE = 0.02
FOLLOW_THE_BYTES = {"ogg", "mpeg", "mpegts"}
"""Their duration is read off the last timestamps, wherever the file ends."""
WHOLE_FRAMES = {"aac", "amr"}
"""Nothing but frames that tell their size, so one that cannot be decoded at the end was cut."""
BY_SHARE = {"wav", "w64", "avi", "asf"}
"""FFmpeg believes the file's size more than their header; see `claims.promised_share`."""


def judge(container: InputContainer, tally: Tally, claimed_seconds: float | None, *, cut: bool) -> None:
    """Raises UnusableError when what was decoded is not the recording that the container announces."""
    damage = f"{tally.broken} of {tally.packets} packets broken"
    if tally.seconds == 0:
        raise UnusableError(Verdict(code="decode_failed", note=damage))
    reached = max(tally.seconds, _last_moment(container, tally))
    if claimed_seconds is not None and _clearly_less(reached, claimed_seconds):
        raise UnusableError(Verdict(code="truncated", decoded_seconds=reached, claimed_seconds=claimed_seconds))
    if cut or (tally.latest_broken and container.format.name in WHOLE_FRAMES):
        raise UnusableError(Verdict(code="truncated", decoded_seconds=reached))
    if tally.broken > max(BROKEN_FEW, BROKEN_SHARE * tally.packets):
        raise UnusableError(Verdict(code="decode_failed", note=damage))


def _last_moment(container: InputContainer, tally: Tally) -> float:
    """Counts every stream, since the container's duration is that of the longest."""
    bases = {stream.index: stream.time_base for stream in container.streams}
    return max((float(end * base) for index, end in tally.ends.items() if (base := bases[index])), default=0.0)


def _clearly_less(reached: float, claimed: float) -> bool:
    return claimed - reached > max(TOLERANCE_SECONDS, TOLERANCE_SHARE * claimed)


def claimed_seconds(
    container: InputContainer, stream: AudioStream, seconds: float, share: float, *, guessed: bool
) -> float | None:
    """What the container tells independently of how many bytes there are; None where it tells nothing."""
    name = container.format.name
    if name in BY_SHARE:
        return seconds * share
    if name == "caf" and stream.frames:
        return stream.frames / stream.sample_rate  # its duration is guessed although the header counts
    if guessed or name in FOLLOW_THE_BYTES or container.duration is None:
        return None
    return container.duration / av.time_base
