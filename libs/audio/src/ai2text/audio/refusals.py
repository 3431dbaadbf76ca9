"""Why a recording is refused, in sentences that say what to do. The codes are part of the product's surface."""

from ai2text.audio.protocol import Job, Verdict
from ai2text.common.errors import Refused


def empty_file() -> Refused:
    return Refused("empty_file", "The file has no content: send it again.")


def decoder_crashed(what_it_did: str) -> Refused:
    return Refused(
        "decoder_crashed",
        f"The recording {what_it_did}; convert it to FLAC or WAV with another program and send that.",
    )


def refusal(verdict: Verdict, job: Job, memory_bytes: int) -> Refused:
    match verdict.code:
        case "not_audio":
            sentence = (
                "Whatever its name says, the content is no audio or video that is supported, or its beginning is "
                "damaged: send WAV, FLAC, MP3, Ogg, M4A, MP4, Matroska, WebM or the like."
            )
        case "no_audio_stream":
            sentence = "The file has no sound track: send one that has."
        case "undecodable":
            sentence = "The sound is damaged, empty or in an unknown codec: record or export it again."
        case "truncated":
            sentence = f"The file {_where_it_ends(verdict)}: send it again, complete."
        case "too_long":
            hours = job.max_duration_seconds / 3600
            sentence = f"The recording is longer than the {hours:g} hours that are allowed: split it."
        case "out_of_memory":
            return decoder_crashed(f"needs more than the {memory_bytes >> 20} MiB of memory that decoding may use")
        case _:
            return decoder_crashed("makes the decoder fail")
    return Refused(verdict.code, sentence)


def _where_it_ends(verdict: Verdict) -> str:
    if verdict.claimed_seconds is None:
        return "ends in the middle of its data"
    return f"ends after {verdict.decoded_seconds:.1f} of the {verdict.claimed_seconds:.1f} seconds that it announces"
