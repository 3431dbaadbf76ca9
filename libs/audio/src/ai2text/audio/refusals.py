"""Why a recording is refused. The codes are part of the product's surface; docs/operations.md has them in a table."""

from dataclasses import dataclass

from ai2text.audio.protocol import Job, Verdict
from ai2text.common.errors import Refused


@dataclass(frozen=True, slots=True)
class Ground:
    meaning: str
    remedy: str


CONVERT = "convert it to FLAC or WAV with another program and send that"
GROUNDS = {
    "empty": Ground("The file has no content", "send it again"),
    "not_audio": Ground(
        "Whatever its name says, the content is neither audio nor video, or its beginning is damaged",
        "send WAV, FLAC, MP3, Ogg, M4A, MP4, Matroska, WebM or the like",
    ),
    "unsupported_container": Ground("The content is audio or video in a container that is not accepted", CONVERT),
    "no_audio_track": Ground("The file has no sound track", "send one that has"),
    "truncated": Ground("The file ends before the recording does", "send it again, complete"),
    "too_long": Ground("The recording is longer than allowed", "split it"),
    "too_large": Ground("The file has more bytes than allowed", "split it, or send it as FLAC, Opus or MP3"),
    "decode_failed": Ground("The sound is damaged, empty or in an unknown codec", "record or export it again"),
    "timed_out": Ground("Decoding stands still, or takes too much processor time for the sound it gives", CONVERT),
    "decoder_crashed": Ground("The recording makes the decoder fail, or needs too much memory", CONVERT),
    "unreadable": Ground(
        "The file cannot be read where it lies", "check its permissions and its disk, or copy it again"
    ),
    "erased": Ground(
        "This recording was erased, and what lies in a watched place does not bring it back",
        "upload it over the REST API to have it again",
    ),
}
"""Every code with what it means and what to do about it."""


def refused(code: str, meaning: str | None = None) -> Refused:
    """The sentence of a code, its first half put more exactly where that is known."""
    ground = GROUNDS[code]
    return Refused(code, f"{meaning or ground.meaning}: {ground.remedy}.")


def too_large(size_bytes: int, max_bytes: int) -> Refused:
    return refused("too_large", f"The file has {size_bytes} bytes, {max_bytes} are allowed")


def timed_out(what_it_did: str) -> Refused:
    return refused("timed_out", f"The recording {what_it_did}")


def decoder_crashed(what_it_did: str) -> Refused:
    return refused("decoder_crashed", f"The recording {what_it_did}")


def refusal(verdict: Verdict, job: Job, memory_bytes: int) -> Refused:
    match verdict.code:
        case "not_audio" | "no_audio_track" | "decode_failed":
            return refused(verdict.code)
        case "truncated":
            return refused("truncated", f"The file {_where_it_ends(verdict)}")
        case "too_long":
            hours = job.max_duration_seconds / 3600
            return refused("too_long", f"The recording is longer than the {hours:g} hours that are allowed")
        case "out_of_memory":
            return decoder_crashed(f"needs more than the {memory_bytes >> 20} MiB of memory that decoding may use")
        case _:
            return decoder_crashed("makes the decoder fail")


def _where_it_ends(verdict: Verdict) -> str:
    if verdict.claimed_seconds is None:
        return "ends in the middle of its data"
    return f"ends after {verdict.decoded_seconds:.1f} of the {verdict.claimed_seconds:.1f} seconds that it announces"
